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
  { column, schemaPath, rows, maxValues }: Chunk,
  budget: GroupBudget,
): { bodies: Uint8Array[]; end: number } {
  const { type, codec } = column, cursor = numbersOver(bytes), name = column.path_in_schema.join(".");
  const levels = {
    repetition: getMaxRepetitionLevel(schemaPath),
    definition: getMaxDefinitionLevel(schemaPath),
  };
  const isFlat = schemaPath.length === 2 && levels.repetition === 0, bodies: Uint8Array[] = [];
  claimed(schemaPath.length, MAX_DEPTH, `the depth of column ${name}`);
  const total = claimed(
    column.num_values,
    levels.repetition ? maxValues : rows,
    `the values of column ${name}`,
  );
  const unpack = (input: Uint8Array, length: number) => {
    const body = budget.decompress(codec, input, length);
    if (codec !== "UNCOMPRESSED") bodies.push(body);
    return body;
  };
  const checkBody = (cursor: Cursor, count: number, encoding: string | undefined, isV2: boolean) =>
    checkValues(cursor, count, {
      ...{ encoding: String(encoding), type, isV2 },
      spend: (bytes) => budget.spend(bytes),
    });
  for (let values = 0; isFlat ? values < rows : true;) {
    if (cursor.offset >= bytes.length - 1) break;
    const header = parquetHeader(cursor);
    const of = (what: string) => `${what} of a page of column ${name}`;
    const packed = claimed(header.compressed_page_size, bytes.length - cursor.offset, of("the bytes"));
    const size = claimed(header.uncompressed_page_size, Number.MAX_SAFE_INTEGER, of("the unpacked bytes"));
    const page = bytes.subarray(cursor.offset, cursor.offset += packed);
    const countOf = (claim: unknown) => {
      const count = claimed(claim, total - values, of("the values"));
      budget.spend(VALUE_BYTES * count);
      return count;
    };
    if (header.type === "DICTIONARY_PAGE") {
      const body = unpack(page, size);
      claimed(dataOf(header, "dictionary_page_header").num_values, body.length, of("the dictionary"));
    } else if (header.type === "DATA_PAGE") {
      const data = dataOf(header, "data_page_header"), count = countOf(data.num_values);
      const inside = cursorOver(unpack(page, size));
      if (levels.repetition) readLevels(inside, levels.repetition, count, of);
      const nulls = levels.definition
        ? readLevels(inside, levels.definition, count, of).filter((level) => level !== levels.definition)
        : [];
      checkBody(inside, count - nulls.length, data.encoding, false);
      values += count;
    } else if (header.type === "DATA_PAGE_V2") {
      const data = dataOf(header, "data_page_header_v2"), count = countOf(data.num_values);
      const nulls = claimed(data.num_nulls, count, of("the nulls"));
      claimed(data.num_rows, rows, of("the rows"));
      const most = Math.min(page.length, size);
      const first = claimed(data.repetition_levels_byte_length, most, of("the repetition levels' bytes"));
      const second = claimed(
        data.definition_levels_byte_length,
        most - first,
        of("the definition levels' bytes"),
      );
      if (levels.repetition) checkRuns(cursorOver(page), bitsOf(levels.repetition), count);
      if (levels.definition) checkRuns(cursorOver(page, first), bitsOf(levels.definition), count);
      // As hyparquet has it, levels that the schema has none of are no part of a page.
      const rest = page.subarray(first + (levels.definition ? second : 0)), length = size - first - second;
      checkBody(
        cursorOver(data.is_compressed === false ? rest : unpack(rest, length)),
        count - nulls,
        data.encoding,
        true,
      );
      values += count;
    } else throw damaged(`${of("the type")} must be a data or a dictionary page's, got ${header.type}`);
  }
  return { bodies, end: cursor.offset };
}

function dataOf<Kind extends keyof Header>(header: Header, kind: Kind): NonNullable<Header[Kind]> {
  const data = header[kind];
  if (!data) throw damaged(`a page has no ${kind}`);
  return data;
}

const bitsOf = (level: number): number => 32 - Math.clz32(level);

/** Levels of a data page of the first version, behind their length in bytes. */
function readLevels(
  cursor: Cursor,
  most: number,
  count: number,
  of: (what: string) => string,
): number[] {
  const { view, offset } = cursor, width = bitsOf(most), levels: number[] = new Array(count);
  claimed(view.getUint32(offset, true), view.byteLength - offset - 4, of("the levels' bytes"));
  checkRuns({ view, offset: offset + 4 }, width, count);
  readRleBitPackedHybrid(cursor, width, levels);
  return levels;
}
