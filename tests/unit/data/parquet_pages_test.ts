import { assertEquals, assertThrows } from "@std/assert";
import type { ColumnMetaData, SchemaTree } from "hyparquet";
import { ByteWriter } from "hyparquet-writer/src/bytewriter.js";
import { writePageHeader } from "hyparquet-writer/src/datapage.js";
import { GroupBudget } from "../../../src/data/parquet_codecs.ts";
import { walkPages } from "../../../src/data/parquet_pages.ts";
import { DomainError } from "../../../src/domain/errors.ts";

type Header = Parameters<typeof writePageHeader>[1];
type First = NonNullable<Header["data_page_header"]>;
type Second = NonNullable<Header["data_page_header_v2"]>;
type Page = { header: Partial<Header>; body: number[] };

const ROWS = 16, MANY = 1e9;
/** A number as Parquet writes lengths of runs, and blocks of deltas. */
const varint = (value: number): number[] =>
  value < 0x80 ? [value] : [value % 0x80 | 0x80, ...varint(Math.floor(value / 0x80))];
const repeated = (count: number, value = 1): number[] => [...varint(2 * count), value];
const packed = (groups: number, bytes: number[]): number[] => [...varint(2 * groups + 1), ...bytes];
const behindLength = (
  bytes: number[],
  length = bytes.length,
): number[] => [length & 255, length >>> 8, 0, 0, ...bytes];
const zeros = (length: number): number[] => new Array(length).fill(0);

/** A page of values of four bytes, all there, behind their definition levels. */
function first(
  { levels = behindLength(repeated(ROWS)), values = zeros(4 * ROWS), header, ...data }:
    & { levels?: number[]; values?: number[]; header?: Partial<Header> }
    & Partial<First> = {},
): Page {
  return {
    header: {
      type: "DATA_PAGE",
      data_page_header: {
        num_values: ROWS,
        encoding: "PLAIN",
        definition_level_encoding: "RLE",
        repetition_level_encoding: "RLE",
        ...data,
      },
      ...header,
    },
    body: [...levels, ...values],
  };
}
function second(
  { levels = repeated(ROWS), values = zeros(4 * ROWS), ...data }:
    & { levels?: number[]; values?: number[] }
    & Partial<Second> = {},
): Page {
  return {
    header: {
      type: "DATA_PAGE_V2",
      data_page_header_v2: {
        num_values: ROWS,
        num_nulls: 0,
        num_rows: ROWS,
        encoding: "PLAIN",
        definition_levels_byte_length: levels.length,
        repetition_levels_byte_length: 0,
        is_compressed: true,
        ...data,
      },
    },
    body: [...levels, ...values],
  };
}
const dictionary = (values: number, bytes: number): Page => ({
  header: { type: "DICTIONARY_PAGE", dictionary_page_header: { num_values: values, encoding: "PLAIN" } },
  body: zeros(bytes),
});

const node = (name: string, more: Partial<SchemaTree["element"]> = {}): SchemaTree => ({
  ...{ children: [], count: 1, path: [name] },
  element: { name, ...more },
});
/** Walks these pages as a column that may be null and has a value a row. */
function walk(
  pages: Page[],
  { repeated = false, rows = ROWS, ...column }:
    & { repeated?: boolean; rows?: number }
    & Partial<ColumnMetaData> = {},
) {
  const writer = new ByteWriter();
  for (const { header, body } of pages) {
    const size = { uncompressed_page_size: body.length, compressed_page_size: body.length };
    writePageHeader(writer, { ...size, ...header } as Header);
    writer.appendBytes(Uint8Array.from(body));
  }
  const element = { type: "INT32", repetition_type: repeated ? "REPEATED" : "OPTIONAL" } as const;
  return walkPages(
    writer.getBytes(),
    {
      column: {
        ...{ type: "INT32", codec: "UNCOMPRESSED", path_in_schema: ["x"], num_values: BigInt(rows) },
        ...column,
      } as ColumnMetaData,
      schemaPath: [node("root"), node("x", element)],
      rows,
      maxValues: 4 * ROWS,
    },
    new GroupBudget(),
  );
}
function refused(pages: Page | Page[], reason: string, column: Parameters<typeof walk>[1] = {}): void {
  const { code } = assertThrows(() => walk([pages].flat(), column), DomainError, reason) as DomainError;
  assertEquals(code, "malformed", reason);
}

const halves = (make: typeof first | typeof second) => {
  const levels = make === first ? behindLength(repeated(ROWS / 2)) : repeated(ROWS / 2);
  return make({ levels, num_values: ROWS / 2, values: zeros(2 * ROWS) });
};
const encoded = (make: typeof first | typeof second, encoding: First["encoding"], values: number[]): Page =>
  make({ encoding, values });

Deno.test("pages that say what is so are walked to their end", () => {
  for (const make of [first, second]) {
    walk([make()]);
    walk([halves(make), halves(make)]);
    walk([dictionary(3, 12), encoded(make, "RLE_DICTIONARY", [2, ...packed(2, [0, 0, 0, 0])])]);
    walk([
      dictionary(3, 12),
      encoded(make, "PLAIN_DICTIONARY", [9, ...repeated(9), 0, ...packed(1, zeros(9))]),
    ]);
    walk([encoded(make, "DELTA_BINARY_PACKED", [...varint(128), 4, ROWS, 0, 0, 0, 0, 0, 0])]);
  }
  walk([encoded(first, "RLE_DICTIONARY", [0])]); // of zeros, without a byte
});

Deno.test("a page that claims more values than its column, or a column than its rows, is refused", () => {
  for (const make of [first, second]) {
    for (const num_values of [MANY, ROWS + 1, -1]) {
      refused(
        make({ num_values }),
        `the values of a page of column x must be 0 to ${ROWS}, got ${num_values}`,
      );
    }
    refused([halves(make), make()], `the values of a page of column x must be 0 to ${ROWS / 2}, got ${ROWS}`);
  }
  refused(first(), `the values of column x must be 0 to ${ROWS}, got 17`, { num_values: 17n });
  refused(first(), `the values of column x must be 0 to ${4 * ROWS}, got 65`, {
    num_values: 65n,
    repeated: true,
  });
  refused(second({ num_nulls: 17 }), "the nulls of a page of column x must be 0 to 16, got 17");
  refused(second({ num_rows: -2 }), "the rows of a page of column x must be 0 to 16, got -2");
  refused(dictionary(13, 12), "the dictionary of a page of column x must be 0 to 12, got 13");
});

Deno.test("values without bytes count against what a row group may unpack to", () => {
  const rows = 2 ** 24 + 1,
    none = { levels: repeated(rows, 0), values: [], num_values: rows, num_nulls: rows };
  const error = assertThrows(() => walk([second({ ...none, num_rows: rows })], { rows }), DomainError);
  assertEquals((error as DomainError).options.type, "archive_limits");
});

Deno.test("a page that goes beyond its column's bytes, or back, and levels beyond their page, are refused", () => {
  for (const compressed_page_size of [-3, 79, undefined]) {
    refused(first({ header: { compressed_page_size } }), `the bytes of a page of column x must be 0 to`);
  }
  refused(first({ header: { uncompressed_page_size: -1 } }), "the unpacked bytes of a page of column x");
  refused(first({ header: { uncompressed_page_size: 7 } }), "a page has 70 of its 7 bytes");
  refused(first({ levels: behindLength(repeated(ROWS), 999) }), "the levels' bytes of a page of column x");
  for (const wrong of [-1, 999]) {
    refused(second({ definition_levels_byte_length: wrong }), "the definition levels' bytes of a page");
    refused(second({ repetition_levels_byte_length: wrong }), "the repetition levels' bytes of a page");
  }
  refused({ header: { type: "INDEX_PAGE" }, body: [] }, "the type of a page of column x must be");
  refused({ header: { type: "DATA_PAGE" }, body: [] }, "a page has no data_page_header");
});

Deno.test("a run of more values than are left is refused, in levels and in values", () => {
  const runs = [repeated(MANY), repeated(ROWS + 1), [...repeated(ROWS - 1), ...repeated(2)]];
  for (const run of runs) {
    refused(first({ levels: behindLength(run) }), "the values of a run must be 0 to");
    refused(second({ levels: run }), "the values of a run must be 0 to");
    for (const make of [first, second]) {
      refused(encoded(make, "RLE_DICTIONARY", [3, ...run]), "the values of a run must be 0 to");
    }
  }
  for (const groups of [3, 2 ** 29, 2 ** 31 - 1]) {
    refused(second({ levels: packed(groups, zeros(9)) }), "the groups of a run must be 0 to 2");
    refused(
      encoded(second, "RLE_DICTIONARY", [0, ...packed(groups, [])]),
      "the groups of a run must be 0 to 2",
    );
  }
  refused(
    encoded(first, "RLE_DICTIONARY", [33, ...repeated(ROWS)]),
    "the bits of a value in runs must be 0 to 32",
  );
  const flags = behindLength(repeated(MANY));
  for (const make of [first, second]) {
    refused(encoded(make, "RLE", flags), "the values of a run must be 0 to", { type: "BOOLEAN" });
  }
});

Deno.test("deltas in blocks that are none are refused, and values that share more than there is", () => {
  for (const make of [first, second]) {
    const encodings = ["DELTA_BINARY_PACKED", "DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY"] as const;
    for (const encoding of encodings) {
      for (const [block, miniblocks] of [[0, 4], [2 ** 31, 4], [128, 8], [96, 2]]) {
        const page = encoded(make, encoding, [...varint(block), miniblocks, ROWS, ...zeros(40)]);
        refused(page, "a block of deltas must have a multiple of 32 values");
      }
      for (const miniblocks of [999, 2 ** 31]) {
        refused(
          encoded(make, encoding, [...varint(128), ...varint(miniblocks), ROWS, ...zeros(40)]),
          "the miniblocks of a block",
        );
      }
    }
    /** So many that are all this. */
    const same = (value: number) => [...varint(128), 4, ROWS, 2 * value, ...zeros(5)];
    refused(
      encoded(make, "DELTA_BYTE_ARRAY", [...same(1), ...same(0)]),
      "what a value shares with the one before",
    );
  }
});

Deno.test("a number of 64 bits that goes on and on is refused", () => {
  const endless = new Array(99).fill(0xff);
  for (const make of [first, second]) {
    const page = encoded(make, "DELTA_BINARY_PACKED", [...varint(128), 4, ROWS, ...endless]);
    refused(page, "a number that goes on to byte", { type: "INT64" });
  }
});

Deno.test("a Snappy literal that leads back to where it was is refused", () => {
  const values = [8, 63 << 2, 0xfa, 0xff, 0xff, 0xff, 0, 0, 0, 0];
  refused(first({ levels: [], values }), "a literal of its Snappy data has 4294967291 bytes", {
    codec: "SNAPPY",
  });
  refused(first(), "its compression must be one of UNCOMPRESSED, SNAPPY, GZIP, BROTLI, ZSTD, got LZ4", {
    codec: "LZ4",
  });
});
