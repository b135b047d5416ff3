// The package's entry loads a native addon, which would need --allow-ffi; its JPEG decoder by itself is WebAssembly. Its
// PNG decoder fails on some valid files (two of CIFAR-10's first 6,000), so PNGs go another way.
import jpegDecoder from "imagescript/wasm/node/jpeg.js";
import { DomainError } from "../domain/errors.ts";
import type { RgbImage } from "../domain/image.ts";
import { decodePng } from "./decode_png.ts";
import { readImageHeader } from "./image_header.ts";

/** Larger images are refused: a decoder would take four bytes and more for each of their pixels. */
export const MAX_PIXELS = 50_000_000;
/** A WebAssembly memory never shrinks: a decoder that has seen an image this large is not kept. */
const KEEP_BELOW_PIXELS = 4_000_000;

interface JpegDecoder {
  /** `format` 0: gray, 1: RGB, 2: CMYK. */
  decode(bytes: Uint8Array): { width: number; height: number; format: number; buffer: Uint8Array };
}
let jpeg: JpegDecoder | undefined;

/**
 * Decodes a PNG or JPEG to RGB. EXIF's orientation is left alone, as Pillow leaves it, so that embeddings match those
 * made elsewhere.
 *
 * @throws {DomainError} `malformed` for bytes that are no such image; `too_large` past MAX_PIXELS.
 */
export async function decodeImage(bytes: Uint8Array): Promise<RgbImage> {
  const { format, width, height } = readImageHeader(bytes);
  if (width * height > MAX_PIXELS) {
    throw new DomainError(
      "too_large",
      `Cannot decode the image: at most ${MAX_PIXELS} pixels, got ${width}×${height}`,
      { type: "image_too_large" },
    );
  }
  if (width === 0 || height === 0) throw malformed(`it has no pixels (${width}×${height})`);
  // Not being able to load a decoder is a fault of this installation, and must not pass for one of the image.
  const decoder = jpeg ??= await jpegDecoder.init() as JpegDecoder;
  try {
    const image = format === "png" ? await decodePng(bytes, { width, height }) : decodeJpeg(decoder, bytes);
    if (width * height > KEEP_BELOW_PIXELS) jpeg = undefined;
    return image;
  } catch (error) {
    jpeg = undefined; // whatever state the failure left in it
    throw error instanceof DomainError ? error : malformed(`the ${format.toUpperCase()} is damaged`);
  }
}

function decodeJpeg(decoder: JpegDecoder, bytes: Uint8Array): RgbImage {
  const { width, height, format, buffer } = decoder.decode(bytes);
  if (format === 1) return { width, height, pixels: buffer };
  if (format === 2) throw malformed("it is a CMYK JPEG; RGB and grayscale ones are read");
  const pixels = new Uint8Array(3 * buffer.length);
  for (const [i, v] of buffer.entries()) pixels.fill(v, 3 * i, 3 * i + 3);
  return { width, height, pixels };
}

const malformed = (reason: string): DomainError =>
  new DomainError("malformed", `Cannot decode the image: ${reason}`, { type: "image_malformed" });
