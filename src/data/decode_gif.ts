// As with JPEG: the package's entry would need --allow-ffi.
import gifDecoder from "imagescript/wasm/node/gif.js";
import type { RgbImage } from "../domain/image.ts";
import { placeOnCanvas } from "./place_on_canvas.ts";
import { WasmDecoder } from "./wasm_decoder.ts";

/** RGBA, of the frame's own size. */
interface Frame {
  x: number;
  y: number;
  width: number;
  height: number;
  buffer: Uint8Array;
}
interface GifReader {
  width: number;
  height: number;
  frame(): Frame | null;
  free(): void;
}
interface GifDecoder {
  Decoder: new (bytes: Uint8Array) => GifReader;
}
const decoder = new WasmDecoder<GifDecoder>(() => gifDecoder.init());

/**
 * Decodes a GIF's first frame. Transparency is dropped: a transparent pixel has the colour that its palette gives it.
 * What the frame leaves of the canvas is black.
 *
 * @throws {Error} If it is damaged or has no frame.
 */
export function decodeGif(bytes: Uint8Array, size: { width: number; height: number }): Promise<RgbImage> {
  return decoder.use(size.width * size.height, ({ Decoder }) => {
    const gif = new Decoder(bytes), frame = gif.frame();
    if (!frame) throw new Error("it has no frame");
    const image = placeOnCanvas(gif, { ...frame, left: frame.x, top: frame.y }, frame.buffer);
    gif.free();
    return image;
  });
}
