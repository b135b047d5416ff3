import { DomainError } from "../domain/errors.ts";
import type { RgbImage } from "../domain/image.ts";
import { decodeBmp } from "./decode_bmp.ts";
import { decodeGif } from "./decode_gif.ts";
import { decodeJpeg } from "./decode_jpeg.ts";
import { decodePng } from "./decode_png.ts";
import { SHARP } from "./decode_sharp.ts";
import { decodePnm } from "./decode_pnm.ts";
import { decodeTiff } from "./decode_tiff.ts";
import { decodeWebp } from "./decode_webp.ts";
import { type ImageFormat, type ImageHeader, NAMES, readImageHeader } from "./image_header.ts";
import { orient } from "./orient.ts";
import { DecoderMissing } from "./wasm_decoder.ts";

/** Larger images are refused: a decoder would take four bytes and more for each of their pixels. */
export const MAX_PIXELS = 50_000_000;
/** And so are longer ones, whatever their area: some decoders keep a few rows of everything. */
export const MAX_SIDE = 65_000;

type Decode = (bytes: Uint8Array, size: { width: number; height: number }) => RgbImage | Promise<RgbImage>;
const DECODE: Record<ImageFormat, Decode> = {
  png: decodePng,
  jpeg: decodeJpeg,
  gif: decodeGif,
  tiff: decodeTiff,
  webp: decodeWebp,
  bmp: decodeBmp,
  pnm: decodePnm,
};

/** `sharp`: JPEG and WebP by native code, where it is installed and the operator asks for it. */
export type DecoderKind = "wasm" | "sharp";

/**
 * Decodes an image to upright 8-bit RGB: EXIF's orientation is applied, of an animation the first frame is taken, gray
 * and palettes become RGB, 16 bits are rounded to 8, CMYK goes by the plain formula without a profile, and alpha is
 * dropped, not blended.
 *
 * @throws {DomainError} `unsupported_media_type` for bytes of no format that is read; `malformed` for a damaged image;
 *   `too_large` past MAX_PIXELS or MAX_SIDE.
 * @throws {DecoderMissing} If a decoder cannot be loaded.
 */
export async function decodeImage(bytes: Uint8Array, kind: DecoderKind = "wasm"): Promise<RgbImage> {
  const header = readImageHeader(bytes), { format, width, height, orientation } = header;
  checkSize(header);
  let image: RgbImage;
  try {
    const decoders = kind === "sharp" ? { ...DECODE, ...SHARP } : DECODE;
    image = await decoders[format](bytes, { width, height });
  } catch (error) {
    if (error instanceof DecoderMissing) throw error;
    throw malformed(`the ${NAMES[format]} is damaged, or of a kind that is not read`);
  }
  if (image.width !== width || image.height !== height) {
    throw malformed(`its header says ${width}×${height}, and it is ${image.width}×${image.height}`);
  }
  // Of a few damaged files a decoder makes fewer samples than it has pixels, and does not say so.
  if (image.pixels.length !== 3 * width * height) throw malformed(`the ${NAMES[format]} is damaged`);
  return orient(image, orientation);
}

function checkSize({ width, height }: ImageHeader): void {
  if (width * height > MAX_PIXELS || Math.max(width, height) > MAX_SIDE) {
    throw new DomainError(
      "too_large",
      `Cannot decode the image: at most ${MAX_PIXELS} pixels and ${MAX_SIDE} a side, got ${width}×${height}`,
      { type: "image_too_large" },
    );
  }
  if (width === 0 || height === 0) throw malformed(`it has no pixels (${width}×${height})`);
}

const malformed = (reason: string): DomainError =>
  new DomainError("malformed", `Cannot decode the image: ${reason}`, { type: "image_malformed" });
