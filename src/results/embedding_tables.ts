import { join } from "@std/path";
import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import type { DatasetItem } from "../domain/dataset.ts";
import { csvLine } from "../domain/csv.ts";
import type { RowFile } from "./row_file.ts";

/** Values of a piece, which is what is held at once: 4 MiB of f32. */
const PIECE_VALUES = 2 ** 20;
const MAX_PIECE_ROWS = 4096;

/** Whose rows they are, in order. */
export interface EmbeddedItems {
  numbers: Uint32Array;
  /** How an image is listed. */
  entry(n: number): DatasetItem;
}

/** What is written of rows, piece by piece. */
interface Table {
  begin?(columns: number): string | Uint8Array;
  piece(items: DatasetItem[], rows: Float32Array): string | Uint8Array;
  end?(): Uint8Array;
}

/**
 * Writes a table of rows, with what they are of, into the directory where they lie. Its bytes hang on the rows alone.
 *
 * @throws What `signal` was aborted with; what is there then is to be written anew.
 */
export async function writeTable(
  name: string,
  table: Table,
  { rows, items }: { rows: RowFile; items: EmbeddedItems },
  signal: AbortSignal,
): Promise<void> {
  using file = await Deno.open(join(rows.directory, name), { write: true, create: true, truncate: true });
  const write = async (content: string | Uint8Array) => {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
  };
  if (table.begin) await write(table.begin(rows.columns));
  const size = Math.max(1, Math.min(MAX_PIECE_ROWS, Math.floor(PIECE_VALUES / rows.columns)));
  for (let from = 0; from < rows.rows; from += size) {
    signal.throwIfAborted();
    const listed = Array.from(items.numbers.subarray(from, from + size), (n) => items.entry(n));
    await write(table.piece(listed, await rows.read(from, listed.length)));
  }
  if (table.end) await write(table.end());
}

/** A line of JSON a row: `{id, path, split, label}`. */
export const idLines = (): Table => ({
  piece: (items) =>
    items.map(({ n, path, split, class: label }) => `${JSON.stringify({ id: n, path, split, label })}\n`)
      .join(""),
});

/** A header, then a row a line: values in so many digits as tell one f32 from every other. */
export const csvTable = (): Table => ({
  begin: (columns) =>
    csvLine(["id", "path", "split", "label", ...Array.from({ length: columns }, (_, i) => `e${i}`)]),
  piece(items, rows) {
    const columns = rows.length / items.length;
    return items.map(({ n, path, split, class: label }, i) =>
      csvLine([
        ...[n, path, split, label],
        ...Array.from(rows.subarray(i * columns, (i + 1) * columns), (value) => Number(value.toPrecision(9))),
      ])
    ).join("");
  },
});

/** A row group a piece; its values are not compressed, for floats hardly can be. */
export function parquetTable(): Table {
  const bytes = new ByteWriter();
  const flush = () => {
    const piece = bytes.getBytes().slice();
    bytes.index = 0; // `offset`, which counts the file's, goes on
    return piece;
  };
  const writer = new ParquetWriter({
    writer: bytes,
    createdBy: "latentd",
    schema: [
      { name: "root", num_children: 5 },
      { name: "id", type: "INT32", repetition_type: "REQUIRED" },
      { name: "path", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "REQUIRED" },
      { name: "split", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "REQUIRED" },
      { name: "label", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
      { name: "embedding", converted_type: "LIST", repetition_type: "REQUIRED", num_children: 1 },
      { name: "list", repetition_type: "REPEATED", num_children: 1 },
      { name: "element", type: "FLOAT", repetition_type: "REQUIRED" },
    ],
  });
  return {
    piece(items, rows) {
      const columns = rows.length / items.length;
      const embedding = items.map((_, i) => Array.from(rows.subarray(i * columns, (i + 1) * columns)));
      writer.write({
        columnData: [
          { name: "id", data: Int32Array.from(items, ({ n }) => n) },
          { name: "path", data: items.map(({ path }) => path) },
          { name: "split", data: items.map(({ split }) => split) },
          { name: "label", data: items.map((item) => item.class) },
          {
            ...{ name: "embedding", data: embedding, encoding: "PLAIN", codec: "UNCOMPRESSED" },
            ...{ statistics: false, offsetIndex: false },
          },
        ],
        rowGroupSize: items.length,
      });
      return flush();
    },
    end() {
      writer.finish();
      return flush();
    },
  };
}
