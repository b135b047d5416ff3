import { assertEquals } from "@std/assert";
import { packTar } from "modern-tar";
import { decodeImage } from "../../../src/data/decode.ts";
import { readMemberName } from "../../../src/data/webdataset.ts";
import { fullSamplesOf, IMAGE, refusalOf, samplesOf, tarOf, text } from "./archive_scene.ts";

Deno.test("a shard's samples are consecutive members of one key; labels are .cls, or in .json", async () => {
  const tar = await tarOf({
    "__meta__.json": "{}",
    "0001.JPG": IMAGE,
    "0001.cls": "7\n",
    "0001.txt": "a caption",
    "0001.json": '{"label":"other"}',
    "0002.json": '{"label":5}',
    "0002.left.png": IMAGE,
    "0003.json": '{"cls":"cat"}',
    "0003.png": IMAGE,
    "0004.png": IMAGE,
    "test/0005.png": IMAGE,
    "test/0005.cls": "dog",
    "0006.txt": "no image",
    "0007.pkl": "cos\nsystem\n",
    "0007.png": IMAGE,
    "0008.json": "{",
    "0008.png": IMAGE,
    "noSuffix": "x",
  });
  assertEquals(await samplesOf(tar), [
    ["0001.JPG", "train", "7"],
    ["0002.left.png", "train", "5"],
    ["0003.png", "train", "cat"],
    ["0004.png", "train", null],
    ["test/0005.png", "test", "dog"],
    ["0006", "the sample has no image, only .txt"],
    ["0007.pkl", "it is a pickle, and those are never decoded: one could run code"],
    ["0007.png", "train", null],
    ["0008", "its .json is no JSON"],
  ]);
});

Deno.test("a suffix that comes twice in a sample is an error of that sample alone", async () => {
  const names = ["1.png", "1.cls", "1.PNG", "2.png", "2.cls", "1.png"];
  const tar = await packTar(names.map((name) => ({ header: { name, size: 1 }, body: "4" })));
  assertEquals(await samplesOf(tar), [
    ["1", "the sample has .png more than once"],
    ["2.png", "train", "4"],
    ["1.png", "train", null],
  ]);
});

Deno.test("a shard is told from an image folder by samples with labels, or by what is asked for", async () => {
  const sidecars = await tarOf({ "cat/1.png": IMAGE, "cat/1.json": "{}", "dog/2.png": IMAGE });
  assertEquals((await samplesOf(sidecars))[0], ["cat/1.png", "train", "cat"]);
  assertEquals(await samplesOf(sidecars, { format: "webdataset" }), [
    ["cat/1.png", "train", null],
    ["dog/2.png", "train", null],
  ]);
  const captions = await tarOf({ "1.png": IMAGE, "1.txt": "a cat" });
  assertEquals((await samplesOf(captions)).length, 1);
  assertEquals((await samplesOf(captions, { format: "imagefolder" })).length, 2);
});

Deno.test("readMemberName() parts at the first dot of the last part", () => {
  assertEquals(readMemberName("a.b/c.D.Png"), { key: "a.b/c", suffix: "d.png" });
  for (const path of [".hidden", "a/.b.png", "plain", "__meta__.cls", "a/__x__.json"]) {
    assertEquals(readMemberName(path), undefined, path);
  }
});

Deno.test("a sample of more than may be in memory, and an archive as an image", async () => {
  const tar = await tarOf({ "1.a.png": new Uint8Array(60), "1.b.png": new Uint8Array(60), "1.cls": "1" });
  assertEquals(await samplesOf(tar, { limits: { entryBytes: 100 } }), [
    ["1", "the sample's images have more than 100 bytes"],
  ]);
  assertEquals(
    (await refusalOf(await tarOf({ "1.png": text("PK\x03\x04"), "1.cls": "1" }))).type,
    "archive_limits",
  );
});

Deno.test("a shard's PNM images are images", async () => {
  const tar = await tarOf({
    ...{ "1.ppm": "P6 1 1 255\nabc", "1.cls": "x" },
    ...{ "2.pgm": "P5 2 1 255\nab", "2.cls": "y" },
    ...{ "3.pbm": "P4 2 1\n\x40", "3.cls": "x" },
  });
  const samples = await fullSamplesOf(tar), pixels: number[][] = [];
  for (const sample of samples) {
    if ("bytes" in sample) pixels.push([...(await decodeImage(sample.bytes)).pixels]);
  }
  assertEquals(pixels, [[97, 98, 99], [97, 97, 97, 98, 98, 98], [255, 255, 255, 0, 0, 0]]);
});
