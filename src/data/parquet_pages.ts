import type { ColumnMetaData, SchemaTree } from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";
import { readRleBitPackedHybrid } from "hyparquet/src/encoding.js";
import { getMaxDefinitionLevel, getMaxRepetitionLevel } from "hyparquet/src/schema.js";
import { damaged } from "./archive.ts";
import { claimed } from "./parquet_claims.ts";
import type { GroupBudget } from "./parquet_codecs.ts";
import { checkRuns, checkValues, type Cursor, cursorOver, numbersOver } from "./parquet_runs.ts";

export interface Chunk {
  /** What the footer says of it. */
  column: ColumnMetaData;
  /** Its place in the schema, from the root on. */
  schemaPath: SchemaTree[];
  /** Rows of its group, */
  rows: number;
  /** and values that it may have where a row may have several. */
  maxValues: number;
}
/** What a value takes in memory at least, while its group is read: its level, itself, and the lists around it. */
const VALUE_BYTES = 32;
const MAX_DEPTH = 16;

type Header = ReturnType<typeof parquetHeader>;

/**
 * Walks the pages of a column chunk, and holds what they say of themselves against each other and against the footer
 * (https://parquet.apache.org/docs/file-format/data-pages/): hyparquet believes it, and would go round as often as a
 * damaged byte tells it to.
 *
 * @returns The pages that are compressed, unpacked, in order; and where in the chunk's bytes the walk ended.
 * @throws {DomainError} `malformed` where a page says what cannot be; `archive_limits` past the group's budget.
 */
export function walkPages(
  bytes: Uint8Array,
  chunk: Chunk,
  budget: GroupBudget,
): { bodies: Uint8Array[]; end: number } {
  const walk = new PageWalk(chunk, budget), cursor = numbersOver(bytes);
  while (!walk.isThrough && cursor.offset < bytes.length - 1) {
    const header = parquetHeader(cursor);
    const size = walk.claimed(header.compressed_page_size, bytes.length - cursor.offset, "bytes");
    walk.pass(header, bytes.subarray(cursor.offset, cursor.offset += size));
  }
  return { bodies: walk.bodies, end: cursor.offset };
}

class PageWalk {
  readonly bodies: Uint8Array[] = [];
  readonly #repetition: number;
  readonly #definition: number;
  readonly #name: string;
  /** Values that the column may still have. */
  #left: number;
  /** Rows of which hyparquet would still look for values, where each has one. */
  #rowsLeft: number;

  constructor(readonly chunk: Chunk, readonly budget: GroupBudget) {
    const { column, schemaPath, rows, maxValues } = chunk, name = column.path_in_schema.join(".");
    claimed(schemaPath.length, MAX_DEPTH, `the depth of column ${name}`);
    this.#name = name;
    this.#repetition = getMaxRepetitionLevel(schemaPath);
    this.#definition = getMaxDefinitionLevel(schemaPath);
    const most = this.#repetition ? maxValues : rows;
    this.#left = claimed(column.num_values, most, `the values of column ${name}`);
    this.#rowsLeft = schemaPath.length === 2 && !this.#repetition ? rows : Infinity;
  }

  get isThrough(): boolean {
    return this.#rowsLeft <= 0;
  }

  claimed(value: unknown, most: number, what: string): number {
    return claimed(value, most, `the ${what} of a page of column ${this.#name}`);
  }

  pass(header: Header, page: Uint8Array): void {
    const size = this.claimed(header.uncompressed_page_size, Number.MAX_SAFE_INTEGER, "unpacked bytes");
    switch (header.type) {
      case "DICTIONARY_PAGE": {
        const { num_values } = dataOf(header, "dictionary_page_header"),
          { length } = this.#unpack(page, size);
        return void this.claimed(num_values, length, "dictionary");
      }
      case "DATA_PAGE":
        return this.#passFirst(dataOf(header, "data_page_header"), this.#unpack(page, size));
      case "DATA_PAGE_V2":
        return this.#passSecond(dataOf(header, "data_page_header_v2"), page, size);
      default:
        throw damaged(
          `the type of a page of column ${this.#name} must be a data or a dictionary page's, got ${header.type}`,
        );
    }
  }

  /** A data page of the first version, whose levels are in what is compressed. */
  #passFirst({ num_values, encoding }: NonNullable<Header["data_page_header"]>, body: Uint8Array): void {
    const count = this.#take(num_values), cursor = cursorOver(body), full = this.#definition;
    if (this.#repetition) this.#readLevels(cursor, this.#repetition, count);
    const levels = full ? this.#readLevels(cursor, full, count) : [];
    const nulls = levels.filter((level) => level !== full).length;
    this.#checkValues(cursor, count - nulls, encoding, false);
  }

  /** One of the second, whose levels stand before it. */
  #passSecond(
    { num_values, num_nulls, num_rows, encoding, is_compressed, ...levels }: NonNullable<
      Header["data_page_header_v2"]
    >,
    page: Uint8Array,
    size: number,
  ): void {
    const count = this.#take(num_values), nulls = this.claimed(num_nulls, count, "nulls");
    this.claimed(num_rows, this.chunk.rows, "rows");
    const most = Math.min(page.length, size);
    const first = this.claimed(levels.repetition_levels_byte_length, most, "repetition levels' bytes"),
      second = this.claimed(levels.definition_levels_byte_length, most - first, "definition levels' bytes");
    if (this.#repetition) checkRuns(cursorOver(page), bitsOf(this.#repetition), count);
    if (this.#definition) checkRuns(cursorOver(page, first), bitsOf(this.#definition), count);
    // As hyparquet has it, definition levels that the schema has none of are no part of a page.
    const rest = page.subarray(first + (this.#definition ? second : 0));
    const body = is_compressed === false ? rest : this.#unpack(rest, size - first - second);
    this.#checkValues(cursorOver(body), count - nulls, encoding, true);
  }

  /** As many values as a page says, if there may be so many. */
  #take(claim: unknown): number {
    const count = this.claimed(claim, this.#left, "values");
    this.budget.spend(VALUE_BYTES * count);
    this.#left -= count;
    this.#rowsLeft -= count;
    return count;
  }

  #unpack(input: Uint8Array, length: number): Uint8Array {
    const { codec } = this.chunk.column, body = this.budget.decompress(codec, input, length);
    if (codec !== "UNCOMPRESSED") this.bodies.push(body);
    return body;
  }

  /** Levels behind their length in bytes. */
  #readLevels(cursor: Cursor, most: number, count: number): number[] {
    const { view, offset } = cursor, width = bitsOf(most), levels: number[] = new Array(count);
    this.claimed(view.getUint32(offset, true), view.byteLength - offset - 4, "levels' bytes");
    checkRuns({ view, offset: offset + 4 }, width, count);
    readRleBitPackedHybrid(cursor, width, levels);
    return levels;
  }

  #checkValues(cursor: Cursor, count: number, encoding: string | undefined, isV2: boolean): void {
    checkValues(cursor, count, {
      ...{ encoding: String(encoding), type: this.chunk.column.type, isV2 },
      spend: (bytes) => this.budget.spend(bytes),
    });
  }
}

function dataOf<Kind extends keyof Header>(header: Header, kind: Kind): NonNullable<Header[Kind]> {
  const data = header[kind];
  if (!data) throw damaged(`a page has no ${kind}`);
  return data;
}

const bitsOf = (level: number): number => 32 - Math.clz32(level);
