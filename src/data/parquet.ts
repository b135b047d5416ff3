import {
  type AsyncBuffer,
  type Compressors,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
  snappyUncompress,
} from "hyparquet";
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import {
  archiveKind,
  type ArchiveLimits,
  asDamaged,
  damaged,
  type OnBytes,
  overLimit,
  unfit,
} from "./archive.ts";
import type { Sample } from "./sample.ts";

/** Rows are read a row group at a time; one larger than this would not fit beside training. */
const MAX_GROUP_BYTES = 512 * 2 ** 20;
const MAGIC = "PAR1", FOOTER_BYTES = 8;

type SchemaTree = ReturnType<typeof parquetSchema>;
type Metadata = Awaited<ReturnType<typeof parquetMetadataAsync>>;
interface Columns {
  image: string;
  label?: string;
  /** Class names by label; none where labels are the names. */
  names?: string[];
}

/**
 * The images of a Parquet file in Hugging Face's schema: a column of structs {bytes, path}, and labels by number, with
 * the names in the metadata `huggingface`, or as text (https://huggingface.co/docs/hub/datasets-image).
 *
 * @throws {DomainError} `malformed` where the file is damaged or ends early; `invalid` where it has no such column, or a
 *   label has no name.
 */
export async function* readParquet(
  path: string,
  { limits, onBytes, signal }: { limits: ArchiveLimits; onBytes?: OnBytes; signal?: AbortSignal },
): AsyncGenerator<Sample> {
  const file = await openBuffer(path);
  await checkFooter(file, limits);
  let where = `in the footer of a file of ${file.byteLength} bytes`;
  try {
    const metadata = await parquetMetadataAsync(file);
    if (metadata.num_rows > limits.entries) {
      throw overLimit(`it has ${metadata.num_rows} rows, more than ${limits.entries}`);
    }
    const columns = findColumns(metadata),
      wanted = [columns.image, columns.label].filter((name) => name !== undefined);
    let rowStart = 0, taken = 0;
    for (const [i, group] of metadata.row_groups.entries()) {
      signal?.throwIfAborted();
      const chunks = group.columns.map(({ meta_data }) => meta_data!)
        .filter(({ path_in_schema: [name] }) => wanted.includes(name));
      const bytes = chunks.reduce((sum, { total_uncompressed_size: size }) => sum + Number(size), 0);
      const begins = Math.min(
        ...chunks.map((chunk) => Number(chunk.dictionary_page_offset ?? chunk.data_page_offset)),
      );
      if (bytes > MAX_GROUP_BYTES) {
        throw overLimit(
          `its row group ${i} unpacks to ${bytes} bytes, more than ${MAX_GROUP_BYTES}: write smaller ones`,
        );
      }
      where = `in the row group that begins at byte ${begins}`;
      const rowEnd = rowStart + Number(group.num_rows);
      if (rowEnd > metadata.num_rows) {
        throw damaged(`its row groups hold more than its ${metadata.num_rows} rows`);
      }
      const rows = await parquetReadObjects({
        ...{
          file,
          metadata,
          columns: wanted,
          rowStart,
          rowEnd,
          utf8: false,
          compressors: boundedCompressors(),
        },
      });
      for (const [j, row] of rows.entries()) {
        const sample = sampleOf(row, rowStart + j, columns);
        // A dictionary's one image may stand for any number of rows.
        if ("bytes" in sample) taken += sample.bytes.length;
        if (taken > limits.freeBytes + limits.expansion * file.byteLength) {
          throw overLimit(`its rows hold more than ${limits.expansion} times its ${file.byteLength} bytes`);
        }
        yield sample;
      }
      rowStart = rowEnd;
      onBytes?.(
        group.columns.reduce((sum, { meta_data }) => sum + Number(meta_data!.total_compressed_size), 0),
      );
    }
  } catch (error) {
    throw asDamaged(error, where);
  }
}

/**
 * Decompressors for one row group. What a page declares is held against what is left to the group before it is allocated,
 * and what comes out against what it declares.
 */
function boundedCompressors(): Compressors {
  let left = MAX_GROUP_BYTES;
  const bounded =
    (decompress: (input: Uint8Array, options: { maxOutputLength: number }) => Uint8Array) =>
    (input: Uint8Array, length: number): Uint8Array => {
      left -= length;
      if (left < 0) throw overLimit(`a row group of it unpacks to more than ${MAX_GROUP_BYTES} bytes`);
      return length === 0 ? new Uint8Array() : decompress(input, { maxOutputLength: length });
    };
  return {
    SNAPPY: bounded((input, { maxOutputLength }) => {
      const output = new Uint8Array(maxOutputLength);
      snappyUncompress(input, output);
      return output;
    }),
    GZIP: bounded(gunzipSync),
    BROTLI: bounded(brotliDecompressSync),
    ZSTD: bounded(zstdDecompressSync),
  };
}

/**
 * hyparquet reads columns side by side, and where it fails on one (or on how they belong together) may leave the failures
 * of the others unheard; unheard, one would end the process. What a damaged file is refused for is told by the call itself.
 */
globalThis.addEventListener("unhandledrejection", (event) => {
  const { reason } = event;
  if (reason instanceof Error && (strays.has(reason) || reason.stack?.includes("/hyparquet/"))) {
    event.preventDefault();
  }
});
/** Failures to read that were handed to hyparquet. */
const strays = new WeakSet<Error>();

async function openBuffer(path: string): Promise<AsyncBuffer> {
  const { size } = await Deno.stat(path);
  return {
    byteLength: size,
    slice(start, end = size) {
      const bytes = readRange(path, start, Math.min(end, size));
      bytes.catch((error) => strays.add(error));
      return bytes;
    },
  };
}

/** By a handle of its own: a file has but one position. */
async function readRange(path: string, start: number, end: number): Promise<ArrayBuffer> {
  using file = await Deno.open(path);
  const bytes = new Uint8Array(Math.max(0, end - start));
  await file.seek(start, Deno.SeekMode.Start);
  for (let at = 0; at < bytes.length;) {
    const read = await file.read(bytes.subarray(at));
    if (read === null) throw damaged(`it ends at byte ${start + at}`);
    at += read;
  }
  return bytes.buffer;
}

async function checkFooter(file: AsyncBuffer, { directoryBytes }: ArchiveLimits): Promise<void> {
  const { byteLength } = file, text = new TextDecoder();
  const end = new Uint8Array(await file.slice(Math.max(0, byteLength - FOOTER_BYTES), byteLength));
  if (byteLength < 2 * FOOTER_BYTES || text.decode(end.subarray(4)) !== MAGIC) {
    throw damaged(`a Parquet file ends with ${MAGIC}, and this one ends without it at byte ${byteLength}`);
  }
  const bytes = new DataView(end.buffer).getUint32(0, true);
  if (bytes > byteLength - FOOTER_BYTES - MAGIC.length) {
    throw damaged(`its footer is to have ${bytes} bytes, more than the file's ${byteLength}`);
  }
  if (bytes > directoryBytes) throw overLimit(`its footer has ${bytes} bytes, more than ${directoryBytes}`);
}

interface Feature {
  _type?: string;
  names?: unknown;
}
function featuresOf({ key_value_metadata = [] }: Metadata): Record<string, Feature> {
  const text = key_value_metadata.find(({ key }) => key === "huggingface")?.value;
  try {
    return Object(JSON.parse(text ?? "{}")?.info?.features);
  } catch {
    throw unfit("its metadata `huggingface` is no JSON");
  }
}

function findColumns(metadata: Metadata): Columns {
  const { children } = parquetSchema(metadata), features = featuresOf(metadata);
  const isImage = (column: SchemaTree) =>
    column.children.some(({ element }) => element.name === "bytes" && element.type === "BYTE_ARRAY");
  const typed = (type: string) => ({ element: { name } }: SchemaTree) =>
    Object.hasOwn(features, name) && features[name]?._type === type;
  const images = children.filter(isImage), image = images.find(typed("Image")) ?? images[0];
  if (!image) {
    const names = children.map(({ element }) => `${element.name} (${element.type ?? "group"})`).join(", ");
    throw unfit(
      `a Parquet file needs a column of images, structs {bytes, path}; it has ${names || "no columns"}`,
    );
  }
  const named = (...names: string[]) => children.find(({ element }) => names.includes(element.name));
  const label = named("label") ?? named("fine_label") ?? children.find(typed("ClassLabel")),
    name = label?.element.name;
  if (!label || !name) return { image: image.element.name };
  const { names } = Object.hasOwn(features, name) ? Object(features[name]) as Feature : {};
  return {
    ...{ image: image.element.name, label: name },
    ...(Array.isArray(names) ? { names: names.map(String) } : {}),
  };
}

const textOf = (value: unknown): string | undefined =>
  typeof value === "string"
    ? value
    : value instanceof Uint8Array
    ? new TextDecoder().decode(value)
    : undefined;

function sampleOf(row: Record<string, unknown>, n: number, columns: Columns): Sample {
  const { bytes, path: given } = Object(row[columns.image]), path = textOf(given) ?? `row ${n}`;
  if (!(bytes instanceof Uint8Array) || bytes.length === 0) {
    return { path, reason: "its row holds no bytes of an image" };
  }
  const nested = archiveKind(bytes);
  if (nested) throw overLimit(`${path} is ${nested} within it`);
  return {
    ...{ path, bytes: new Uint8Array(bytes) },
    meaning: {
      split: "train",
      class: columns.label ? classOf(row[columns.label], n, columns) : null,
      explicit: true,
    },
  };
}

/** Hugging Face writes −1, or null, where an image has no label. */
function classOf(label: unknown, n: number, { names }: Columns): string | null {
  if (label === null || label === undefined) return null;
  if (typeof label !== "number" && typeof label !== "bigint") return textOf(label) || null;
  const index = Number(label);
  if (index === -1) return null;
  if (!names) return String(index);
  if (!(index >= 0 && index < names.length)) {
    throw unfit(`the label of row ${n} must be one of its ${names.length} classes, got ${index}`);
  }
  return names[index];
}
