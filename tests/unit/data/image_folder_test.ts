import { assertEquals, assertStringIncludes } from "@std/assert";
import { gzip, IMAGE, refusalOf, samplesOf, tarOf, text, zipOf } from "./archive_scene.ts";

const CSV =
  `\ufefffile_name,note,label\r\ncat/1.png,"a ""b"", c\n d",tabby\r\n./2.png,,\r\ngone.png,x,siamese\r\n`;

Deno.test("metadata.csv gives classes wherever it stands; an image without a row has none; a row without one is told", async () => {
  const images = { "cat/1.png": IMAGE, "2.png": IMAGE, "dog/3.png": IMAGE };
  const expected = [
    ["cat/1.png", "train", "tabby"],
    ["2.png", "train", null],
    ["dog/3.png", "train", null],
  ];
  const missing = ["gone.png", "metadata.csv names it, and the archive does not hold it"];
  const last = await tarOf({ ...images, "metadata.csv": CSV }),
    first = await tarOf({ "metadata.csv": CSV, ...images });
  const zip = zipOf(
    Object.entries({ ...images, "metadata.csv": text(CSV) }).map(([name, body]) => ({
      name: text(name),
      body,
    })),
  );
  for (const archive of [last, first, await gzip(last), zip]) {
    assertEquals(await samplesOf(archive) as unknown[], [...expected, missing]);
  }
});

Deno.test("metadata.jsonl in a split's folder names files from there", async () => {
  const tar = await tarOf({
    "data/train/a.png": IMAGE,
    "data/train/metadata.jsonl": '{"file_name":"a.png","label":3,"text":"x"}\n\n',
    "data/validation/deep/b.png": IMAGE,
    "data/validation/metadata.jsonl": '{"file_name":"deep/b.png","label":"three"}\n',
    "__MACOSX/metadata.csv": "junk",
  });
  assertEquals(await samplesOf(tar), [
    ["data/train/a.png", "train", "3"],
    ["data/validation/deep/b.png", "val", "three"],
  ]);
});

Deno.test("a table that cannot be read fails the dataset, and says what is wrong with it", async () => {
  const tables = {
    "metadata.csv": ["path,label\na.png,1\n", "metadata.csv has no column file_name, got path, label"],
    "b/metadata.csv": ['file_name\n"a\n', "stray quote at character 10"],
    "metadata.jsonl": ['{"file_name":"a.png"}\n{broken', "metadata.jsonl has no JSON object in line 2"],
    "c/metadata.jsonl": ["[1]", "no JSON object in line 1"],
    "d/metadata.jsonl": ['{"label":1}', "a row without a file_name"],
    "e/metadata.jsonl": ['{"file_name":"x","label":{}}', "neither text nor a number, at x"],
  };
  for (const [path, [table, reason]] of Object.entries(tables)) {
    const { type, message } = await refusalOf(await tarOf({ "a.png": IMAGE, [path]: table }));
    assertEquals(type, "dataset_invalid");
    assertStringIncludes(message, reason);
  }
});

Deno.test("unlabelled images are unlabelled, in a split's folder and in none", async () => {
  assertEquals(
    await samplesOf(await tarOf({ "1.png": IMAGE, "test/2.png": IMAGE, "a/b/valid/3.png": IMAGE })),
    [
      ["1.png", "train", null],
      ["test/2.png", "test", null],
      ["a/b/valid/3.png", "val", null],
    ],
  );
});
