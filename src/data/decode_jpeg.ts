// The package's entry loads a native addon, which would need --allow-ffi; its JPEG decoder by itself is WebAssembly.
import jpegDecoder from "imagescript/wasm/node/jpeg.js";
import type { RgbImage } from "../domain/image.ts";
import { cmykToRgb } from "./cmyk_to_rgb.ts";
import { readJpegFrame } from "./jpeg_frame.ts";
import { WasmDecoder } from "./wasm_decoder.ts";

interface JpegDecoder {
  /** `format` 0: gray, 1: RGB, 2: CMYK. */
  decode(bytes: Uint8Array): { width: number; height: number; format: number; buffer: Uint8Array };
}
const decoder = new WasmDecoder<JpegDecoder>(() => jpegDecoder.init());

/** Segment APP14 of a CMYK image by Adobe's programs, untransformed. */
const ADOBE = Uint8Array.of(0xff, 0xee, 0, 14, 0x41, 0x64, 0x6f, 0x62, 0x65, 0, 100, 0, 0, 0, 0, 0);

/**
 * Decodes a baseline or progressive JPEG of 8 bits: gray, YCbCr, RGB, CMYK or YCCK.
 *
 * @throws {Error} If it is damaged or of another kind.
 */
export async function decodeJpeg(
  bytes: Uint8Array,
  size: { width: number; height: number },
): Promise<RgbImage> {
  const { components, adobe } = readJpegFrame(bytes);
  // The decoder refuses four channels that Adobe's segment does not explain. Nearly all such files store light, not ink,
  // as Adobe's programs do, and Pillow takes the rest for the same.
  const file = components === 4 && !adobe
    ? await new Blob([bytes.slice(0, 2), ADOBE, bytes.slice(2)]).bytes()
    : bytes;
  const { width, height, format, buffer } = await decoder.use(
    size.width * size.height,
    (jpeg) => jpeg.decode(file),
  );
  if (format === 1) return { width, height, pixels: buffer };
  if (format === 2) return { width, height, pixels: cmykToRgb(buffer) };
  const pixels = new Uint8Array(3 * buffer.length);
  for (let i = 0; i < buffer.length; i++) pixels.fill(buffer[i], 3 * i, 3 * i + 3);
  return { width, height, pixels };
}
