import { gzipSync, zstdCompressSync } from "node:zlib";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { type ColumnSource, parquetWriteBuffer } from "hyparquet-writer";
import { fullSamplesOf, IMAGE, refusalOf, samplesOf, tarOf, text } from "./archive_scene.ts";

type Image = { bytes?: Uint8Array; path?: string | null } | null;
type Write = Parameters<typeof parquetWriteBuffer>[0];

/** A file in Hugging Face's image schema. */
function parquetOf(
  images: Image[],
  { labels, names, ...more }: { labels?: (bigint | null)[]; names?: string[] } & Partial<Write> = {},
): Uint8Array<ArrayBuffer> {
  const columnData: ColumnSource[] = [{ name: "image", data: images }];
  if (labels) columnData.push({ name: "label", data: labels, type: "INT64", nullable: true });
  const features = {
    image: { _type: "Image" },
    ...(names ? { label: { _type: "ClassLabel", names } } : {}),
  };
  return new Uint8Array(parquetWriteBuffer({
    schema: [
      { name: "root", num_children: columnData.length },
      { name: "image", num_children: 2, repetition_type: "OPTIONAL" },
      { name: "bytes", type: "BYTE_ARRAY", repetition_type: "OPTIONAL" },
      { name: "path", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
      ...(labels ? [{ name: "label", type: "INT64" as const, repetition_type: "OPTIONAL" as const }] : []),
    ],
    columnData: columnData.map(({ name, data }) => ({ name, data })),
    kvMetadata: [{ key: "huggingface", value: JSON.stringify({ info: { features } }) }],
    ...more,
  }));
}
const image = (path: string | null, bytes: Uint8Array = IMAGE): Image => ({ bytes, path });

Deno.test("a Parquet file's images, by row group, with classes by name", async () => {
  const file = parquetOf([image("a.png"), image(null), image("c.png", text("third")), null, image("e.png")], {
    ...{ labels: [1n, 0n, -1n, 1n, null], names: ["cat", "dog"], rowGroupSize: 2 },
  });
  assertEquals(await samplesOf(file), [
    ["a.png", "train", "dog"],
    ["row 1", "train", "cat"],
    ["c.png", "train", null],
    ["row 3", "its row holds no bytes of an image"],
    ["e.png", "train", null],
  ]);
  const third = (await fullSamplesOf(file))[2];
  assertEquals("bytes" in third && third.bytes, text("third"));
});

Deno.test("Parquet's compressions are read", async () => {
  const compressors = {
    GZIP: (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes)),
    ZSTD: (bytes: Uint8Array) => new Uint8Array(zstdCompressSync(bytes)),
  };
  for (const codec of ["UNCOMPRESSED", "SNAPPY", "GZIP", "ZSTD"] as const) {
    const file = parquetOf([image("a.png", text("a".repeat(5000)))], { codec, compressors });
    const [sample] = await fullSamplesOf(file);
    assertEquals("bytes" in sample && sample.bytes, text("a".repeat(5000)), codec);
  }
});

Deno.test("labels without names are numbers, and without labels there are none", async () => {
  assertEquals(await samplesOf(parquetOf([image("a")], { labels: [12n] })), [["a", "train", "12"]]);
  assertEquals(await samplesOf(parquetOf([image("a")])), [["a", "train", null]]);
});

Deno.test("a Parquet file without images names its columns; a label out of range its row", async () => {
  const other = new Uint8Array(parquetWriteBuffer({
    columnData: [{ name: "text", data: ["x"], type: "STRING" }, { name: "id", data: [1], type: "INT32" }],
  }));
  const { type, message } = await refusalOf(other);
  assertEquals(type, "dataset_invalid");
  assertStringIncludes(message, "it has text (BYTE_ARRAY), id (INT32)");
  const beyond = await refusalOf(
    parquetOf([image("a"), image("b")], { labels: [0n, 2n], names: ["cat", "dog"] }),
  );
  assertEquals(beyond.type, "dataset_invalid");
  assertStringIncludes(beyond.message, "the label of row 1 must be one of its 2 classes, got 2");
});

Deno.test("a Parquet file that is cut says where; one past a limit is refused", async () => {
  const file = parquetOf([image("a", crypto.getRandomValues(new Uint8Array(3000)))]);
  for (const length of [8, 2000, file.length - 1]) {
    const { type, message } = await refusalOf(file.slice(0, length));
    assertEquals(type, "archive_malformed");
    assertStringIncludes(message, `at byte ${length}`);
  }
  const hollow = file.slice();
  hollow.fill(0xff, 4, 60);
  const { type, message } = await refusalOf(hollow);
  assertEquals(type, "archive_malformed");
  assertStringIncludes(message, "the row group that begins at byte 4");
  assertEquals(
    (await refusalOf(parquetOf([image("a"), image("b")]), { limits: { entries: 1 } })).type,
    "archive_limits",
  );
  assertEquals((await refusalOf(file, { limits: { directoryBytes: 10 } })).type, "archive_limits");
  assertEquals((await refusalOf(parquetOf([image("a", text("PK\x03\x04"))]))).type, "archive_limits");
});

Deno.test("one image in a dictionary cannot stand for rows without end", async () => {
  const same = image("a", new Uint8Array(10_000)), file = parquetOf(Array.from({ length: 300 }, () => same));
  const bytes = 300 * 10_000, limits = { freeBytes: 0, expansion: Math.ceil(bytes / file.length) - 1 };
  assertEquals((await samplesOf(file)).length, 300);
  assertEquals((await refusalOf(file, { limits })).type, "archive_limits");
});

Deno.test("a format that the bytes contradict is refused", async () => {
  assertEquals((await refusalOf(parquetOf([image("a")]), { format: "imagefolder" })).type, "dataset_invalid");
  assertEquals(
    (await refusalOf(await tarOf({ "a.png": IMAGE }), { format: "parquet" })).type,
    "dataset_invalid",
  );
});
