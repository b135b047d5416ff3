import { DomainError } from "../domain/errors.ts";
import type { NamedTensors, TensorData } from "../domain/tensor_data.ts";

const MAX_HEADER_BYTES = 16 * 2 ** 20;
const LENGTH_BYTES = 8;
const WHITESPACE = [" ", "\t", "\n", "\r"];
const DTYPES = { F32: Float32Array, I64: BigInt64Array } as const;
export type Dtype = keyof typeof DTYPES;
const OWN_BYTES: Readonly<Record<Dtype, number>> = { F32: 4, I64: 8 };
/** Bytes of a value, of every dtype whose values are whole bytes (safetensors/src/tensor.rs). */
const FOREIGN_BYTES = {
  ...{ BOOL: 1, U8: 1, I8: 1, F8_E5M2: 1, F8_E4M3: 1, F8_E8M0: 1, F8_E4M3FNUZ: 1, F8_E5M2FNUZ: 1 },
  ...{ I16: 2, U16: 2, F16: 2, BF16: 2, I32: 4, U32: 4, F32: 4, C64: 8, F64: 8, I64: 8, U64: 8 },
} as const;
export type ForeignDtype = keyof typeof FOREIGN_BYTES;

/**
 * Writes tensors as a safetensors file: eight bytes of header length, the JSON header, the values, little-endian.
 * The same tensors always give the same bytes.
 *
 * @throws {RangeError} If a tensor's shape does not hold its values, or the header would be longer than 16 MiB.
 */
export function encodeSafetensors(
  tensors: NamedTensors,
  metadata?: Record<string, string>,
): Uint8Array<ArrayBuffer> {
  const entries = [...tensors].map(([name, { shape, data }]) => {
    if (elementCount(shape) !== data.length) {
      throw new RangeError(
        `Cannot encode ${name}: shape [${shape}] must hold its values, got ${data.length} of them`,
      );
    }
    return { name, dtype: dtypeOf(data), shape, data };
  });
  const { head, order } = encodeHeader(entries, metadata);
  const bytes = new Uint8Array(order.reduce((end, { data }) => end + data.byteLength, head.length));
  bytes.set(head);
  let at = head.length;
  for (const { data } of order) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

/** A tensor as a file's header tells of it. */
export interface TensorLabel<D extends string = Dtype> {
  name: string;
  dtype: D;
  shape: readonly number[];
}

/**
 * What a file of these tensors begins with, and the order in which their values follow it, with nothing in between.
 *
 * @throws {RangeError} If the header would be longer than 16 MiB.
 */
export function encodeHeader<T extends TensorLabel>(
  tensors: readonly T[],
  metadata?: Record<string, string>,
): { head: Uint8Array<ArrayBuffer>; order: T[] } {
  const header: [string, unknown][] = metadata ? [["__metadata__", metadata]] : [];
  const order = inFileOrder(tensors);
  let end = 0;
  for (const { name, dtype, shape } of order) {
    const begin = end;
    end += elementCount(shape) * DTYPES[dtype].BYTES_PER_ELEMENT;
    header.push([name, { dtype, shape, data_offsets: [begin, end] }]);
  }
  // Object.fromEntries would hang a tensor called __proto__ on the object as an own key too, but an index-like name
  // ("0") would move to the front; the members are therefore joined as they stand.
  const members = header.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
  const json = new TextEncoder().encode(`{${members.join(",")}}`);
  const headerBytes = Math.ceil(json.length / 8) * 8;
  if (headerBytes > MAX_HEADER_BYTES) {
    throw new RangeError(
      `Cannot encode a safetensors file: its header may have ${MAX_HEADER_BYTES} bytes, got ${headerBytes}`,
    );
  }
  const head = new Uint8Array(LENGTH_BYTES + headerBytes);
  new DataView(head.buffer).setBigUint64(0, BigInt(headerBytes), true);
  head.fill(0x20, LENGTH_BYTES);
  head.set(json, LENGTH_BYTES);
  return { head, order };
}

/**
 * Reads a safetensors file of F32 and I64 tensors; the values are copies. It is strict: every byte belongs to exactly
 * one tensor, every size agrees, and no name occurs twice.
 *
 * @param options `label` says in messages what is being read.
 * @throws {DomainError} `malformed`, naming what is wrong, for any other bytes.
 */
export function decodeSafetensors(bytes: Uint8Array, options: { label?: string } = {}): NamedTensors {
  const tensors: NamedTensors = new Map();
  for (const { name, dtype, shape, begin, end } of decodeHeader(bytes, bytes.length, options)) {
    const data = new DTYPES[dtype](new Uint8Array(bytes.subarray(begin, end)).buffer);
    tensors.set(name, { shape, data });
  }
  return tensors;
}

/** A tensor, and which of the file's bytes are its values: from `begin`, before `end`. */
export interface PlacedTensor<D extends string = Dtype> extends TensorLabel<D> {
  begin: number;
  end: number;
}

/**
 * What a file's header says, in the order of the values; no value is looked at.
 *
 * @param head The file's first bytes, the whole header among them.
 * @param fileBytes Of the whole file.
 * @throws {DomainError} As `decodeSafetensors`.
 */
export function decodeHeader(
  head: Uint8Array,
  fileBytes: number,
  options: { label?: string } = {},
): PlacedTensor[] {
  return placeTensors(head, fileBytes, OWN_BYTES, options).tensors;
}

/**
 * What the header of somebody else's file says, whose tensors are of any dtype; and its `__metadata__`. It is as strict as
 * `decodeHeader`.
 *
 * @param head The file's first bytes: the whole header, or as much as {@link headBytes} tells.
 * @throws {DomainError} As `decodeSafetensors`.
 */
export function decodeForeignHeader(
  head: Uint8Array,
  fileBytes: number,
  options: { label?: string } = {},
): { tensors: PlacedTensor<ForeignDtype>[]; metadata: Map<string, string> } {
  return placeTensors(head, fileBytes, FOREIGN_BYTES, options);
}

/** How many of a file's first bytes its header takes, as its first eight say; no more than a header may have. */
export function headBytes(first: Uint8Array): number {
  const view = new DataView(first.buffer, first.byteOffset, first.byteLength);
  return LENGTH_BYTES + Math.min(MAX_HEADER_BYTES, Number(view.getBigUint64(0, true)));
}

function placeTensors<D extends string>(
  head: Uint8Array,
  fileBytes: number,
  itemBytes: Readonly<Record<D, number>>,
  options: { label?: string },
): { tensors: PlacedTensor<D>[]; metadata: Map<string, string> } {
  const fail = (reason: string): never => {
    throw new DomainError("malformed", `Cannot read ${options.label ?? "a safetensors file"}: ${reason}`);
  };
  const { header, start } = readHeader(head, fail), metadata = new Map<string, string>();
  const entries = Object.entries(header).flatMap(([name, value]) => {
    if (name !== "__metadata__") return [readEntry(name, value, itemBytes, fail)];
    for (const [key, text] of readMetadata(value, fail)) metadata.set(key, text);
    return [];
  });
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  const length = fileBytes - start;
  let at = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== at) fail(`${quote(name)} must begin at ${at}, where what precedes it ends, got ${begin}`);
    if (end > length) fail(`${quote(name)} must end within the data's ${length} bytes, got ${end}`);
    at = end;
  }
  if (at !== length) fail(`its tensors must cover the data, got ${at} of ${length} bytes`);
  const tensors = entries.map((entry) => ({ ...entry, begin: start + entry.begin, end: start + entry.end }));
  return { tensors, metadata };
}

type Fail = (reason: string) => never;
/** I64 before F32, by name within each: whatever the shapes, each tensor then stands at a multiple of its item size. */
function inFileOrder<T extends TensorLabel>(tensors: readonly T[]): T[] {
  const rank = ({ dtype }: T) => dtype === "I64" ? 0 : 1;
  return tensors.toSorted((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
}

function readHeader(bytes: Uint8Array, fail: Fail): { header: Record<string, unknown>; start: number } {
  if (bytes.length < LENGTH_BYTES) {
    fail(`it must begin with ${LENGTH_BYTES} bytes of length, got ${bytes.length}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getBigUint64(0, true), start = LENGTH_BYTES + Number(length);
  if (length > BigInt(MAX_HEADER_BYTES)) fail(`its header may have ${MAX_HEADER_BYTES} bytes, got ${length}`);
  if (start > bytes.length) fail(`its header must end within the file's ${bytes.length} bytes, got ${start}`);
  let text = "", header: unknown;
  try {
    // A byte order mark is not stripped: JSON may not begin with one.
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
      bytes.subarray(LENGTH_BYTES, start),
    );
    header = JSON.parse(text);
  } catch (error) {
    fail(`its header must be JSON in UTF-8: ${(error as Error).message}`);
  }
  if (!isObject(header) || text[0] !== "{") return fail("its header must be a JSON object, starting with {");
  const twice = repeatedKey(text);
  if (twice !== undefined) fail(`its header has ${quote(twice)} twice`);
  return { header, start };
}

function readEntry<D extends string>(
  name: string,
  value: unknown,
  itemBytes: Readonly<Record<D, number>>,
  fail: Fail,
): PlacedTensor<D> {
  const what = quote(name);
  if (!isObject(value)) return fail(`${what} must be an object, got ${quote(value)}`);
  const { dtype, shape, data_offsets: offsets, ...rest } = value;
  const unknown = Object.keys(rest);
  if (unknown.length > 0) fail(`${what} has an unknown field, got ${quote(unknown[0])}`);
  const isKnown = (dtype: unknown): dtype is D =>
    typeof dtype === "string" && Object.hasOwn(itemBytes, dtype);
  if (!isKnown(dtype)) {
    return fail(`${what} must be ${Object.keys(itemBytes).join(" or ")}, got ${quote(dtype)}`);
  }
  if (!isSizes(shape)) return fail(`${what} must have a shape of whole numbers, got ${quote(shape)}`);
  if (!isSizes(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    return fail(`${what} must have two data_offsets in order, got ${quote(offsets)}`);
  }
  const [begin, end] = offsets, needed = elementCount(shape) * itemBytes[dtype];
  if (needed !== end - begin) {
    fail(`${what} must have ${needed} bytes for ${dtype} [${shape}], got ${end - begin}`);
  }
  return { name, dtype, shape, begin, end };
}

function readMetadata(value: unknown, fail: Fail): [string, string][] {
  if (!isObject(value) || Object.values(value).some((text) => typeof text !== "string")) {
    return fail(`__metadata__ must map strings to strings, got ${quote(value)}`);
  }
  return Object.entries(value) as [string, string][];
}

/** A key that occurs twice in one object of a valid JSON text; JSON.parse would silently keep the last. */
function repeatedKey(text: string): string | undefined {
  const objects: Set<string>[] = [];
  // By hand: a regular expression overflows its stack on a string of megabytes.
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "{") objects.push(new Set());
    else if (text[at] === "}") objects.pop();
    if (text[at] !== '"') continue;
    let close = at + 1;
    while (text[close] !== '"') close += text[close] === "\\" ? 2 : 1;
    let next = close + 1;
    while (WHITESPACE.includes(text[next])) next++;
    if (text[next] === ":") {
      const key = JSON.parse(text.slice(at, close + 1)), keys = objects.at(-1)!;
      if (keys.has(key)) return key;
      keys.add(key);
    }
    at = close;
  }
}

const dtypeOf = (data: TensorData["data"]): Dtype => data instanceof Float32Array ? "F32" : "I64";
const elementCount = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isSizes = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
/** Untrusted values go into messages quoted and cut; JSON.stringify overflows its stack on deep nesting. */
const quote = (value: unknown): string =>
  Deno.inspect(value, { depth: 1, iterableLimit: 8, strAbbreviateSize: 60, breakLength: Infinity }).slice(
    0,
    80,
  );
