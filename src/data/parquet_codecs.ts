import { snappyUncompress } from "hyparquet";
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import { damaged, overLimit } from "./archive.ts";

/** Rows are read a row group at a time; one larger than this would not fit beside training. */
export const MAX_GROUP_BYTES = 512 * 2 ** 20;

type Decompress = (input: Uint8Array, options: { maxOutputLength: number }) => Uint8Array;
const CODECS: Record<string, Decompress> = {
  UNCOMPRESSED: (input) => input,
  SNAPPY: (input, { maxOutputLength }) => {
    checkSnappy(input);
    const output = new Uint8Array(maxOutputLength);
    snappyUncompress(input, output);
    return output;
  },
  GZIP: gunzipSync,
  BROTLI: brotliDecompressSync,
  ZSTD: zstdDecompressSync,
};

/** What one row group may still unpack to. */
export class GroupBudget {
  #left = MAX_GROUP_BYTES;

  /** @throws {DomainError} `archive_limits` where so much is not left. */
  spend(bytes: number): void {
    this.#left -= bytes;
    if (this.#left < 0) throw overLimit(`a row group of it unpacks to more than ${MAX_GROUP_BYTES} bytes`);
  }

  /** A page's bytes. What it declares is held against what is left before it is allocated, and what comes out against it. */
  decompress(codec: string, input: Uint8Array, length: number): Uint8Array {
    if (!Object.hasOwn(CODECS, codec)) {
      throw damaged(`its compression must be one of ${Object.keys(CODECS).join(", ")}, got ${codec}`);
    }
    this.spend(length);
    const output = length === 0 ? new Uint8Array() : CODECS[codec](input, { maxOutputLength: length });
    if (output.length !== length) throw damaged(`a page has ${output.length} of its ${length} bytes`);
    return output;
  }
}

/**
 * Passes over the elements of a Snappy stream (https://github.com/google/snappy/blob/main/format_description.txt), for
 * hyparquet takes a literal's length as signed: a negative one leads it back to where it was.
 */
function checkSnappy(input: Uint8Array): void {
  const SHORT = 60,
    { byteOffset, byteLength: end } = input,
    view = new DataView(input.buffer, byteOffset, end);
  let at = 0;
  while (at < end && input[at++] >= 0x80);
  while (at < end) {
    const tag = input[at++], kind = tag & 3, size = tag >>> 2;
    if (kind > 0) {
      at += [0, 1, 2, 4][kind];
      continue;
    }
    const extra = Math.max(0, size - SHORT + 1);
    if (at + extra > end) throw damaged(`its Snappy data ends within an element, at byte ${end}`);
    let length = extra === 0 ? size : 0;
    for (let i = 0; i < extra; i++) length += view.getUint8(at + i) * 2 ** (8 * i);
    at += extra + length + 1;
    if (at > end) throw damaged(`a literal of its Snappy data has ${length + 1} bytes, more than are left`);
  }
}
