import type { RgbImage } from "../domain/image.ts";
import { decodeJpeg } from "./decode_jpeg.ts";
import { readJpegFrame } from "./jpeg_frame.ts";
import { DecoderMissing } from "./wasm_decoder.ts";

type Sharp = typeof import("sharp").default;
type Decode = (bytes: Uint8Array, size: { width: number; height: number }) => Promise<RgbImage>;

let sharp: Sharp | undefined;

/**
 * Loads sharp, which is libvips, native code: it is not part of an installation unless the operator makes it one.
 *
 * @throws {DecoderMissing} With what is to be done.
 */
export async function loadSharp(): Promise<void> {
  if (sharp) return;
  // Not in the import's own parentheses, where whoever caches this program would fetch its 38 MB.
  const name = "sharp";
  try {
    sharp = (await import(name)).default as Sharp;
  } catch (cause) {
    const reason = (cause as Error).message.split("\n")[0];
    const todo = "install it with `deno cache --frozen npm:sharp@0.35.5`, or set IMAGE_DECODER=wasm";
    throw new DecoderMissing(`sharp cannot be loaded (${reason}); ${todo}`, { cause });
  }
  sharp.concurrency(1); // there are as many threads as are to decode
  sharp.cache(false);
}

async function decode(
  bytes: Uint8Array,
  { width, height }: { width: number; height: number },
): Promise<RgbImage> {
  await loadSharp();
  const { data, info } = await sharp!(bytes, {
    ...{ failOn: "truncated", limitInputPixels: width * height, ignoreIcc: true, pages: 1 },
  }).toColourspace("srgb").removeAlpha().raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
  if (info.channels !== 3) throw new Error(`it has ${info.channels} channels`);
  const pixels = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.length).slice();
  return { width: info.width, height: info.height, pixels };
}

/** What sharp decodes, as the other decoders do: EXIF's orientation left to whoever asks, alpha dropped. */
export const SHARP: Record<"jpeg" | "webp", Decode> = {
  // Of CMYK it has another opinion: it goes by profiles.
  jpeg: (bytes, size) =>
    readJpegFrame(bytes).components === 4 ? decodeJpeg(bytes, size) : decode(bytes, size),
  webp: decode,
};
