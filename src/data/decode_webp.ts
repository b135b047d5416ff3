import decodeRgba, { init } from "@jsquash/webp/decode.js";
import type { RgbImage } from "../domain/image.ts";
import { placeOnCanvas } from "./place_on_canvas.ts";
import { WasmDecoder } from "./wasm_decoder.ts";
import { readWebp } from "./webp_container.ts";

/** libwebp as WebAssembly, from Squoosh: the package keeps one instance, which `init` replaces. */
const decoder = new WasmDecoder(async () => {
  await init();
  await decodeRgba(SMALLEST.slice().buffer);
  return decodeRgba;
});
/** One pixel, lossless: decoding it shows that the decoder could be loaded. */
const SMALLEST = Uint8Array.fromBase64("UklGRiAAAABXRUJQVlA4TBQAAAAvAAAAAAdQgVQIIAAKmv7HiIj+Bw==");

/**
 * Decodes a lossy or lossless WebP, or an animation's first frame, to RGB. Alpha is dropped; what the frame leaves of
 * the canvas is black.
 *
 * @throws {Error} If it is damaged, or contradicts its own header.
 */
export async function decodeWebp(bytes: Uint8Array): Promise<RgbImage> {
  const { frame, still, ...canvas } = readWebp(bytes);
  const { width, height, data } = await decoder.use(
    canvas.width * canvas.height,
    (decode) => decode(still.buffer),
  );
  if (width !== frame.width || height !== frame.height) throw new Error("its frame has two sizes");
  return placeOnCanvas(canvas, frame, data as Uint8ClampedArray); // its type allows for canvases of halves
}
