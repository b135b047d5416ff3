import {
  type AsyncBuffer,
  type Compressors,
  parquetMetadata,
  parquetReadObjects,
  parquetSchema,
} from "hyparquet";
import { getTreePath } from "hyparquet/src/schema.js";
import { deserializeTCompactProtocol } from "hyparquet/src/thrift.js";
import {
  archiveKind,
  type ArchiveLimits,
  asDamaged,
  damaged,
  type OnBytes,
  overLimit,
  unfit,
} from "./archive.ts";
import { claimed } from "./parquet_claims.ts";
import { GroupBudget, MAX_GROUP_BYTES } from "./parquet_codecs.ts";
import { walkPages } from "./parquet_pages.ts";
import { numbersOver } from "./parquet_runs.ts";
import type { Sample } from "./sample.ts";

/** Columns, and what they are parts of: gone through anew for every row group. */
const MAX_SCHEMA = 10_000;
const MAGIC = "PAR1", FOOTER_BYTES = 8;

type SchemaTree = ReturnType<typeof parquetSchema>;
type Metadata = ReturnType<typeof parquetMetadata>;
type RowGroup = Metadata["row_groups"][number];
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
  let where = `in the footer of a file of ${file.byteLength} bytes`;
  try {
    const metadata = await readFooter(file, limits),
      total = claimed(metadata.num_rows, limits.entries, "its rows"),
      columns = findColumns(metadata),
      wanted = [columns.image, columns.label].filter((name) => name !== undefined);
    let rowStart = 0, taken = 0;
    for (const [i, group] of metadata.row_groups.entries()) {
      signal?.throwIfAborted();
      const chunks = group.columns.map(({ meta_data }) => meta_data!)
        .filter(({ path_in_schema: [name] }) => wanted.includes(name));
      const bytes = chunks.reduce(
        (sum, { total_uncompressed_size: unpacked, total_compressed_size: packed }) =>
          sum + Math.max(Number(unpacked), Number(packed)),
        0,
      );
      const begins = Math.min(
        ...chunks.map((chunk) => Number(chunk.dictionary_page_offset ?? chunk.data_page_offset)),
      );
      if (bytes > MAX_GROUP_BYTES) {
        throw overLimit(
          `its row group ${i} unpacks to ${bytes} bytes, more than ${MAX_GROUP_BYTES}: write smaller ones`,
        );
      }
      where = `in the row group that begins at byte ${begins}`;
      const rowEnd = rowStart + claimed(group.num_rows, total - rowStart, `the rows of row group ${i}`);
      const rows = await readGroup(file, { metadata, group, columns: wanted, limits });
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
 * The rows of a row group, once its pages are found to be what they say. hyparquet is handed the group as a file's only one,
 * with no byte of it that was not walked, and the pages that were unpacked on the walk.
 */
async function readGroup(
  file: AsyncBuffer,
  { metadata, group, columns, limits }: {
    metadata: Metadata;
    group: RowGroup;
    columns: string[];
    limits: ArchiveLimits;
  },
): Promise<Record<string, unknown>[]> {
  const budget = new GroupBudget(), schema = parquetSchema(metadata), rows = Number(group.num_rows);
  if (rows === 0) return [];
  const compressors: Record<string, Compressors[keyof Compressors]> = {}, walked: RowGroup["columns"] = [];
  for (const chunk of group.columns) {
    const column = chunk.meta_data!;
    if (!columns.includes(column.path_in_schema[0])) continue;
    const start = claimed(
      column.dictionary_page_offset || column.data_page_offset,
      file.byteLength,
      "where a column begins",
    );
    const bytes = claimed(column.total_compressed_size, file.byteLength - start, "the bytes of a column");
    const { bodies, end } = walkPages(
      new Uint8Array(await file.slice(start, start + bytes)),
      {
        column,
        rows,
        schemaPath: getTreePath(schema, column.path_in_schema),
        maxValues: limits.entries,
      },
      budget,
    );
    const codec = column.codec === "UNCOMPRESSED" ? column.codec : `walked ${walked.length}`;
    // Taken in the order in which they were walked: hyparquet has no other bytes to find pages in.
    compressors[codec] = () => bodies.shift()!;
    walked.push({
      ...chunk,
      meta_data: {
        ...column,
        codec: codec as typeof column.codec,
        total_compressed_size: BigInt(end),
      },
    });
  }
  return await parquetReadObjects({
    ...{ file, columns, compressors, utf8: false, rowStart: 0, rowEnd: rows },
    metadata: { ...metadata, row_groups: [{ ...group, columns: walked }] },
  });
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

/** Without those meanings of bytes that hyparquet takes the square of their number to work out. */
const asBytes = ({ converted_type: type, logical_type: _, ...element }: Metadata["schema"][number]) =>
  type === undefined || type === "DECIMAL" ? element : { ...element, converted_type: type };

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

/** The file's metadata, what of it can be wrong without end checked first. */
async function readFooter(file: AsyncBuffer, { directoryBytes, entries }: ArchiveLimits): Promise<Metadata> {
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
  const footer = await file.slice(byteLength - FOOTER_BYTES - bytes, byteLength);
  deserializeTCompactProtocol(numbersOver(new Uint8Array(footer)));
  const { schema, ...metadata } = parquetMetadata(footer, { geoparquet: false });
  if (metadata.num_rows > entries) throw overLimit(`it has ${metadata.num_rows} rows, more than ${entries}`);
  if (schema.length > MAX_SCHEMA) {
    throw overLimit(`its schema has ${schema.length} parts, more than ${MAX_SCHEMA}`);
  }
  return { ...metadata, schema: schema.map(asBytes) };
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
