import { convertIndexedToRgb, decode, type DecodedPng } from "fast-png";
import type { RgbImage } from "../domain/image.ts";

/** The chunks that pixels need; the rest (profiles, text, animation) is dropped before anyone unpacks it. */
const NEEDED = new Set(["IHDR", "PLTE", "IDAT", "IEND"]);
/** Deflate packs at most 1032 bytes into one: so much compressed data cannot unpack to more than 512 MiB. */
const HARMLESS_BYTES = 2 ** 19;

/**
 * Decodes a PNG of any bit depth, colour type and interlacing to 8-bit RGB. Transparency is dropped, not blended: the
 * colours beneath are the photograph.
 *
 * @throws {Error} If the file is damaged, or holds more data than its pixels need.
 */
export async function decodePng(
  bytes: Uint8Array,
  size: { width: number; height: number },
): Promise<RgbImage> {
  const chunks = neededChunks(bytes);
  await checkUnpackedSize(chunks.filter(({ type }) => type === "IDAT").map(({ data }) => data), size);
  const parts = [bytes.slice(0, 8), ...chunks.map(({ whole }) => whole)];
  const png = decode(await new Blob(parts).bytes(), { checkCrc: false });
  const { width, height } = png;
  return { width, height, pixels: toRgb(png) };
}

interface Chunk {
  type: string;
  data: Uint8Array<ArrayBuffer>;
  whole: Uint8Array<ArrayBuffer>;
}

function neededChunks(bytes: Uint8Array): Chunk[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), chunks: Chunk[] = [];
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = view.getUint32(at), end = at + 12 + length;
    if (end > bytes.length) throw new Error("a chunk breaks off");
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (NEEDED.has(type)) {
      chunks.push({ type, data: bytes.slice(at + 8, end - 4), whole: bytes.slice(at, end) });
    }
    if (type === "IEND") return chunks;
    at = end;
  }
  throw new Error("it has no end");
}

/** Unpacks the pixels once without keeping them, where they could be a bomb: a decoder would hold all of them. */
async function checkUnpackedSize(
  data: Uint8Array<ArrayBuffer>[],
  { width, height }: { width: number; height: number },
): Promise<void> {
  if (data.reduce((sum, part) => sum + part.length, 0) < HARMLESS_BYTES) return;
  // 8 bytes a pixel at most, a filter byte a row, and as much again for Adam7's seven passes.
  const limit = width * height * 8 + 2 * 7 * height;
  let unpacked = 0;
  for await (const chunk of new Blob(data).stream().pipeThrough(new DecompressionStream("deflate"))) {
    unpacked += chunk.length;
    if (unpacked > limit) throw new Error("it holds more data than its pixels need");
  }
}

function toRgb(png: DecodedPng): Uint8Array {
  const count = png.width * png.height, rgb = new Uint8Array(3 * count);
  if (png.palette) {
    const indexed = convertIndexedToRgb(png), channels = indexed.length / count;
    for (let i = 0; i < count; i++) rgb.set(indexed.subarray(channels * i, channels * i + 3), 3 * i);
    return rgb;
  }
  const { channels } = png, samples = png.depth < 8 ? unpackBits(png) : png.data;
  const scale = 255 / (2 ** png.depth - 1);
  for (let i = 0; i < count; i++) {
    for (let c = 0; c < 3; c++) {
      rgb[3 * i + c] = Math.round(samples[channels * i + (channels < 3 ? 0 : c)] * scale);
    }
  }
  return rgb;
}

/** Samples of 1, 2 or 4 bits, which are packed from the high end and begin anew in each row. */
function unpackBits({ width, height, depth, data }: DecodedPng): Uint8Array {
  const samples = new Uint8Array(width * height), rowBytes = Math.ceil((width * depth) / 8);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bit = x * depth, byte = data[y * rowBytes + (bit >> 3)];
      samples[y * width + x] = (byte >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
    }
  }
  return samples;
}
