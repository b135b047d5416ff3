import { deltaBinaryUnpack } from "hyparquet/src/delta.js";
import { readVarInt } from "hyparquet/src/thrift.js";
import { damaged } from "./archive.ts";
import { claimed } from "./parquet_claims.ts";

/** Where in some bytes a reader is, as hyparquet has it. */
export interface Cursor {
  view: DataView;
  offset: number;
}
export const cursorOver = ({ buffer, byteOffset, byteLength }: Uint8Array, offset = 0): Cursor => ({
  view: new DataView(buffer, byteOffset, byteLength),
  offset,
});

/** Of 64 bits it is ten, and a few more bytes may stand before a number. */
const MAX_GOING_ON = 32;
/**
 * A cursor over bytes of which each number ends: hyparquet takes the square of a number's bytes to read one of 64 bits,
 * however many say that another follows.
 *
 * @throws {DomainError} `malformed`, when it is read, where a number goes on and on.
 */
export function numbersOver(bytes: Uint8Array, offset = 0): Cursor {
  const { view } = cursorOver(bytes), read = view.getUint8.bind(view);
  let going = 0;
  const getUint8 = (at: number): number => {
    const byte = read(at);
    going = byte < 0x80 ? 0 : going + 1;
    if (going > MAX_GOING_ON) throw damaged(`a number that goes on to byte ${at} has no end`);
    return byte;
  };
  return { view: Object.assign(view, { getUint8 }), offset };
}

const MAX_WIDTH = 32, GROUP = 8;

/**
 * Passes over `count` values in runs, repeated or bit-packed
 * (https://parquet.apache.org/docs/file-format/data-pages/encodings/#RLE). hyparquet goes round as often as a run says,
 * whatever there is room for.
 *
 * @throws {DomainError} `malformed` where a run has more values than are left.
 */
export function checkRuns(cursor: Cursor, width: number, count: number): void {
  claimed(width, MAX_WIDTH, "the bits of a value in runs");
  for (let left = count; left > 0;) {
    const header = readVarInt(cursor), length = header >>> 1, isPacked = header & 1;
    // The last group of packed values is filled up.
    const groups = Math.ceil(left / GROUP);
    claimed(length, isPacked ? groups : left, isPacked ? "the groups of a run" : "the values of a run");
    left -= isPacked ? GROUP * length : length;
    // Of a packed run hyparquet takes one byte at least.
    cursor.offset += isPacked ? Math.max(1, length * width) : Math.ceil(width / 8);
  }
}

const MINIBLOCK = 32;
/**
 * Unpacks `count` deltas (https://parquet.apache.org/docs/file-format/data-pages/encodings/#DELTAENC), their header
 * checked: with sizes that are none, hyparquet goes backwards.
 */
function unpack<Values extends Int32Array | BigInt64Array>(cursor: Cursor, values: Values): Values {
  const { view } = cursor, at = { ...cursor }, block = readVarInt(at), miniblocks = readVarInt(at);
  claimed(miniblocks, view.byteLength, "the miniblocks of a block of deltas");
  if (!(block > 0 && block % (MINIBLOCK * miniblocks) === 0)) {
    throw damaged(
      `a block of deltas must have a multiple of ${MINIBLOCK} values in each miniblock, got ${block} in ${miniblocks}`,
    );
  }
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  const reader = (values instanceof Int32Array ? cursorOver : numbersOver)(bytes, cursor.offset);
  deltaBinaryUnpack(reader, values.length, values);
  cursor.offset = reader.offset;
  return values;
}

/** How a page's values are encoded, as far as hyparquet's way through them depends on it. */
export interface Encoded {
  encoding: string;
  type: string;
  /** Of the second version of data pages, which are read a little differently. */
  isV2: boolean;
  /** Told how many bytes the values will take that are not in the page. */
  spend: (bytes: number) => void;
}
/**
 * Checks how many values a page's encoding makes, where its bytes do not bound them.
 *
 * @throws {DomainError} `malformed` where they are more than `count`.
 */
export function checkValues(cursor: Cursor, count: number, { encoding, type, isV2, spend }: Encoded): void {
  switch (encoding) {
    case "RLE":
    case "PLAIN_DICTIONARY":
    case "RLE_DICTIONARY":
      if (isV2 ? encoding === "RLE" : type === "BOOLEAN") {
        return checkRuns({ ...cursor, offset: cursor.offset + 4 }, 1, count);
      } else {
        const width = cursor.view.getUint8(cursor.offset);
        // In the first version of pages, zeros without a byte.
        if (width > 0 || isV2) checkRuns({ ...cursor, offset: cursor.offset + 1 }, width, count);
        return;
      }
    case "DELTA_BINARY_PACKED":
      return void unpack({ ...cursor }, new (type === "INT32" ? Int32Array : BigInt64Array)(count));
    case "DELTA_LENGTH_BYTE_ARRAY":
      return void unpack({ ...cursor }, new Int32Array(count));
    case "DELTA_BYTE_ARRAY": {
      const at = { ...cursor },
        shared = unpack(at, new Int32Array(count)),
        own = unpack(at, new Int32Array(count));
      for (let i = 0, before = 0; i < count; i++) {
        before = claimed(shared[i], before, "what a value shares with the one before") +
          claimed(own[i], cursor.view.byteLength, "the bytes of a value");
        spend(before);
      }
    }
  }
}
