import { assertEquals, assertStringIncludes } from "@std/assert";
import { concat, fullSamplesOf, gzip, refusalOf, samplesOf, tarOf } from "./archive_scene.ts";

/** A record whose red, green and blue planes count up from 0, 1 and 2. */
const record = (...labels: number[]) =>
  Uint8Array.of(
    ...labels,
    ...[0, 1, 2].flatMap((c) => Array.from({ length: 1024 }, (_, i) => (i + c) & 255)),
  );
const NAMES = "airplane\nautomobile\nbird\n\n";

Deno.test("CIFAR-10's archive: splits by file, classes by name wherever the names stand, pixels side by side", async () => {
  const tar = await tarOf({
    "cifar-10-batches-bin/data_batch_1.bin": concat([record(2), record(0)]),
    "cifar-10-batches-bin/batches.meta.txt": NAMES,
    "cifar-10-batches-bin/test_batch.bin": record(1),
    "cifar-10-batches-bin/readme.html": "<html>",
  });
  for (const archive of [tar, await gzip(tar)]) {
    assertEquals(await samplesOf(archive), [
      ["cifar-10-batches-bin/data_batch_1.bin#0", "train", "bird"],
      ["cifar-10-batches-bin/data_batch_1.bin#1", "train", "airplane"],
      ["cifar-10-batches-bin/test_batch.bin#0", "test", "automobile"],
    ]);
  }
  const [first] = await fullSamplesOf(tar);
  if (!("image" in first)) throw new Error("there are no pixels");
  assertEquals([first.image.width, first.image.height], [32, 32]);
  assertEquals([...first.image.pixels.subarray(0, 6)], [0, 1, 2, 1, 2, 3]);
  assertEquals(first.image.pixels.length, 3072);
});

Deno.test("CIFAR-100's archive takes the fine label", async () => {
  const tar = await tarOf({ "c/train.bin": record(19, 99), "c/test.bin": record(0, 5) });
  assertEquals(await samplesOf(tar), [["c/train.bin#0", "train", "99"], ["c/test.bin#0", "test", "5"]]);
});

Deno.test("a bare batch is told by its size and labels", async () => {
  assertEquals(await samplesOf(concat([record(9), record(3)])), [
    ["upload.bin#0", "train", "9"],
    ["upload.bin#1", "train", "3"],
  ]);
  assertEquals(await samplesOf(record(4, 42)), [["upload.bin#0", "train", "42"]]);
});

Deno.test("a batch that ends within a record says where; a label that does not exist is that image's fault", async () => {
  const { type, message } = await refusalOf(concat([record(1), record(2)]).slice(0, 5000), {
    format: "cifar10",
  });
  assertEquals(type, "archive_malformed");
  assertStringIncludes(message, "ends at byte 5000, within the record that begins at byte 3073");
  const tar = await tarOf({ "data_batch_1.bin": concat([record(3), record(1)]), "batches.meta.txt": NAMES });
  assertEquals(await samplesOf(tar), [
    ["data_batch_1.bin#0", "its label must be below 3, got 3"],
    ["data_batch_1.bin#1", "train", "automobile"],
  ]);
  assertEquals(
    (await refusalOf(await tarOf({ "a.png": "x" }), { format: "cifar10" })).type,
    "dataset_invalid",
  );
});
