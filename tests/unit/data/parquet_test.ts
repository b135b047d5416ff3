import { assertEquals, assertStringIncludes } from "@std/assert";
import { parquetWriteBuffer } from "hyparquet-writer";
import golden from "../../golden/parquet.json" with { type: "json" };
import { fullSamplesOf, IMAGE, refusalOf, samplesOf, tarOf, text } from "./archive_scene.ts";
import { type Image, parquetOf } from "./parquet_scene.ts";

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
  for (const codec of ["UNCOMPRESSED", "SNAPPY", "GZIP", "ZSTD", "BROTLI"] as const) {
    const file = parquetOf([image("a.png", text("a".repeat(5000)))], { codec });
    const [sample] = await fullSamplesOf(file);
    assertEquals("bytes" in sample && sample.bytes, text("a".repeat(5000)), codec);
  }
});

Deno.test("what pyarrow writes is read alike, whatever its encodings, pages and compression", async () => {
  const { cases }: { cases: { name: string; file: string }[] } = golden;
  const [first, ...others] = await Promise.all(
    cases.map(async ({ file }) => await fullSamplesOf(Uint8Array.fromBase64(file))),
  );
  assertEquals(first.length, 40);
  const [whole, , , , nameless, , , , , , unlabelled, , empty] = first;
  assertEquals(whole.path, "deep/folder/000.png");
  assertEquals("bytes" in whole && [whole.bytes.length, whole.meaning.class], [20, "a"]);
  assertEquals("bytes" in nameless && [nameless.path, nameless.meaning.class], ["row 4", "b"]);
  assertEquals("bytes" in unlabelled && [unlabelled.bytes[1], unlabelled.meaning.class], [70, null]);
  assertEquals(empty, { path: "row 12", reason: "its row holds no bytes of an image" });
  for (const [i, samples] of others.entries()) assertEquals(samples, first, cases[i + 1].name);
});

Deno.test("a Parquet file over which hyparquet would go on for ever is refused", async () => {
  const endless = await Deno.readFile(new URL("../../golden/endless.parquet", import.meta.url));
  assertEquals((await refusalOf(endless)).type, "archive_malformed");
  const numberless = parquetOf([image("a")]), footer = numberless.length - 8;
  const size = new DataView(numberless.buffer).getUint32(footer, true);
  numberless.fill(0xff, footer - size + 1, footer);
  const { message } = await refusalOf(numberless);
  assertStringIncludes(message, "a number that goes on to byte");
  const many = Array.from(
    { length: 10_001 },
    (_, n) => ({ name: `x${n}`, data: [1], type: "INT32" as const }),
  );
  const { type, message: why } = await refusalOf(new Uint8Array(parquetWriteBuffer({ columnData: many })));
  assertEquals(type, "archive_limits");
  assertStringIncludes(why, "its schema has 10002 parts, more than 10000");
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
