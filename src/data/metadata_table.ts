import { type ArchiveLimits, type ReadArchive, readEntry, refusal, unfit } from "./archive.ts";
import { type PathMeaning, readImagePath } from "./image_path.ts";
import type { SkippedFile } from "./sample.ts";

const FILE_NAME = "file_name", LABEL = "label";
const isMetadata = (path: string): boolean =>
  /(^|\/)metadata\.(csv|jsonl)$/.test(path) && readImagePath(path) !== undefined;

/** What Hugging Face's `metadata.csv` or `metadata.jsonl` files say of an archive's images. */
export class MetadataTable {
  readonly #rows = new Map<string, { label: string | null; file: string; met: boolean }>();

  /**
   * Finds the tables of an archive, wherever in it they are.
   *
   * @returns undefined where there is none.
   * @throws {DomainError} `invalid` for one that cannot be read, or that names no files.
   */
  static async find(archive: ReadArchive, limits: ArchiveLimits): Promise<MetadataTable | undefined> {
    let table: MetadataTable | undefined;
    for await (const entry of archive("search")) {
      if (!isMetadata(entry.path)) continue;
      const reason = refusal(entry, limits);
      if (reason) throw unfit(`${entry.path} cannot be read: ${reason}`);
      table ??= new MetadataTable();
      table.#add(entry.path, new TextDecoder().decode(await readEntry(entry)));
    }
    return table;
  }

  /** Whether a path is a table's own. */
  owns(path: string): boolean {
    return isMetadata(path);
  }

  /** An image's split is by its folder, its class by its row; without a row it has none. */
  meaningOf(path: string, { split }: PathMeaning): PathMeaning {
    const row = this.#rows.get(plain(path));
    if (row) row.met = true;
    return { split, class: row?.label ?? null, explicit: true };
  }

  /** Rows whose file did not come by. */
  *missing(): Generator<SkippedFile> {
    for (const [path, { file, met }] of this.#rows) {
      if (met) continue;
      yield { path, reason: `${file} names it, and the archive does not hold it`, skipped: true };
    }
  }

  #add(file: string, text: string): void {
    const folder = file.slice(0, file.lastIndexOf("/") + 1);
    const rows = file.endsWith(".csv") ? csvRows(file, text) : jsonlRows(file, text);
    for (const { [FILE_NAME]: name, [LABEL]: label } of rows) {
      if (typeof name !== "string" || name === "") throw unfit(`${file} has a row without a ${FILE_NAME}`);
      if (label !== undefined && label !== null && typeof label !== "string" && typeof label !== "number") {
        throw unfit(`${file} has a label that is neither text nor a number, at ${name}`);
      }
      const text = label === undefined || label === null || label === "" ? null : String(label);
      this.#rows.set(plain(folder + name), { label: text, file, met: false });
    }
  }
}

const plain = (path: string): string =>
  path.split("/").filter((part) => part !== "" && part !== ".").join("/");

function* jsonlRows(file: string, text: string): Generator<Record<string, unknown>> {
  for (const [i, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    let row: unknown;
    try {
      row = JSON.parse(line);
    } catch {
      // told below, with what else is no row
    }
    if (typeof row !== "object" || row === null || Array.isArray(row)) {
      throw unfit(`${file} has no JSON object in line ${i + 1}`);
    }
    yield row as Record<string, unknown>;
  }
}

function* csvRows(file: string, text: string): Generator<Record<string, unknown>> {
  let names: string[] | undefined;
  for (const fields of csvRecords(text)) {
    if (!names) {
      names = fields;
      if (!names.includes(FILE_NAME)) {
        throw unfit(`${file} has no column ${FILE_NAME}, got ${names.join(", ")}`);
      }
    } else yield Object.fromEntries(names.map((name, i) => [name, fields[i]]));
  }
}

/** Records of RFC 4180: fields in quotes may hold commas, line ends and doubled quotes. */
function* csvRecords(text: string): Generator<string[]> {
  // Each match is one field and what ends it.
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|\r|$)/y;
  let record: string[] = [];
  for (field.lastIndex = text.startsWith("\ufeff") ? 1 : 0; field.lastIndex < text.length;) {
    const at = field.lastIndex, match = field.exec(text);
    if (!match) throw unfit(`a csv table has a stray quote at character ${at}`);
    record.push(match[1]?.replaceAll('""', '"') ?? match[2]);
    if (match[3] === ",") {
      if (field.lastIndex < text.length) continue;
      record.push("");
    }
    if (record.length > 1 || record[0] !== "") yield record;
    record = [];
  }
}
