/// <reference lib="dom" />
import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { unpackTar } from "modern-tar";
import { AtlasCache } from "../../../src/dashboard/screens/datasets/atlas_cache.ts";
import { chosenOf } from "../../../src/dashboard/screens/datasets/chosen_files.ts";
import { classCounts, orderClasses } from "../../../src/dashboard/screens/datasets/class_counts.ts";
import {
  atlasesPay,
  filterItems,
  readColumns,
} from "../../../src/dashboard/screens/datasets/dataset_columns.ts";
import { fingerprintOf, tarOfFiles } from "../../../src/dashboard/screens/datasets/tar_of_files.ts";

const placed = (path: string, bytes: Uint8Array<ArrayBuffer> | string = "x", lastModified = 5) => ({
  path,
  file: new File([bytes], path.slice(path.lastIndexOf("/") + 1), { lastModified }),
});

Deno.test("files become a tar that a tar's reader reads as they are, and the same one each time", async () => {
  const names = [
    "a.png",
    "train/cat/1.png",
    `${"deep/".repeat(60)}b.png`,
    `${"n".repeat(180)}.png`,
    "é/ü/日本.png",
  ];
  const files = names.map((path, n) =>
    placed(path, Uint8Array.from({ length: [0, 511, 512, 513, 2000][n] }, (_, i) => i + n))
  );
  const tar = new Uint8Array(await (await tarOfFiles(files)).arrayBuffer());
  assertEquals(tar.length % 512, 0);
  const entries = await unpackTar(tar);
  assertEquals(entries.map(({ header: { name } }) => name), names);
  for (const [n, { data }] of entries.entries()) {
    assertEquals(data ?? new Uint8Array(), await files[n].file.bytes());
  }
  assertEquals(new Uint8Array(await (await tarOfFiles(files)).arrayBuffer()), tar);
});

Deno.test("files are told from others by their names, sizes and times", () => {
  const print = fingerprintOf([placed("a/1.png"), placed("a/2.png")]);
  assertEquals(print, fingerprintOf([placed("a/1.png"), placed("a/2.png")]));
  for (const other of [placed("a/3.png"), placed("a/2.png", "xx"), placed("a/2.png", "x", 6)]) {
    assertNotEquals(print, fingerprintOf([placed("a/1.png"), other]));
  }
});

Deno.test("what was dropped is an archive or images, and nothing else", () => {
  const archive = chosenOf([placed("photos.tar.gz"), placed(".DS_Store")]);
  assertEquals([archive.kind, archive.name], ["archive", "photos"]);
  const folder = chosenOf(
    ["p/b.JPG", "p/a.png", "p/notes.txt", "p/.x.png", "p/metadata.csv"].map((path) => placed(path)),
  );
  if (folder.kind !== "images") throw new Error(folder.kind);
  assertEquals(folder.files.map(({ path }) => path), ["p/a.png", "p/b.JPG", "p/metadata.csv"]);
  assertEquals([folder.name, folder.leftOut, folder.bytes], ["p", 1, 3]);
  assertEquals(chosenOf([placed("a.png"), placed("q/b.png")]).name, "images");
  for (const wrong of [["a.txt"], ["a.tar", "b.tar"], ["a.tar", "b.png"], []]) {
    assertThrows(() => chosenOf(wrong.map((path) => placed(path))), Error);
  }
});

const base64 = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes));

Deno.test("columns are filtered by split and class, by none, and by names that there are not", () => {
  const label = new Int16Array([0, 1, -1, 1, 0, 1]);
  const columns = readColumns({
    ...{ items: 6, splits: ["train", "test"], classes: ["cat", "dog"] },
    split: { dtype: "uint8", data: base64(Uint8Array.of(0, 0, 0, 1, 1, 1)) },
    class: { dtype: "int16", data: base64(new Uint8Array(label.buffer)) },
  });
  const left = (filter: Parameters<typeof filterItems>[1]) => {
    const places = filterItems(columns, filter);
    return Array.from({ length: places.count }, (_, i) => places.at(i));
  };
  assertEquals(left({}), [0, 1, 2, 3, 4, 5]);
  assertEquals(left({ split: "test" }), [3, 4, 5]);
  assertEquals(left({ class: "dog" }), [1, 3, 5]);
  assertEquals(left({ split: "test", class: "dog" }), [3, 5]);
  assertEquals(left({ class: null }), [2]);
  assertEquals(left({ class: "horse" }), []);
  assertEquals(left({ split: "val" }), []);
  const dogs = filterItems(columns, { class: "dog" });
  assertEquals([0, 1, 2, 3, 5, 6].map((n) => dogs.placeOf(n)), [0, 0, 1, 1, 2, 3]);
});

Deno.test("atlases are loaded where many of their images are shown, not for scattered ones", () => {
  const every = (step: number) => ({
    count: 200,
    at: (i: number) => i * step,
    placeOf: (n: number) => n / step,
  });
  assert(atlasesPay(every(1), 1024));
  assert(atlasesPay(every(10), 1024));
  assert(!atlasesPay(every(1000), 1024));
});

Deno.test("classes are counted over all splits or one, and those without one come last", () => {
  const splits = {
    train: { images: 10, classes: { "class 10": 4, "class 9": 3 } },
    test: { images: 2, classes: { "class 9": 2 } },
  };
  assertEquals(
    orderClasses(classCounts(splits, undefined), "most").map(({ name, images }) => [name, images]),
    [
      ["class 9", 5],
      ["class 10", 4],
      [null, 3],
    ],
  );
  assertEquals(orderClasses(classCounts(splits, "train"), "name").map(({ name }) => name), [
    "class 9",
    "class 10",
    null,
  ]);
  assertEquals(classCounts(splits, "test"), [{ name: "class 9", images: 2 }]);
});

Deno.test("an atlas that is scrolled past is not fetched; one that is shown is, once, and is dropped in the end", async () => {
  const asked: number[] = [], dropped: string[] = [];
  const cache = new AtlasCache((n) => {
    asked.push(n);
    return n === 7 ? Promise.reject(new Error("none")) : Promise.resolve(`url ${n}`);
  }, (url) => dropped.push(url));
  cache.use(3, () => {})();
  const come = (n: number) => new Promise<void>((resolve) => cache.use(n, resolve));
  await Promise.all([come(4), come(4), come(7)]);
  assertEquals(asked, [4, 7]);
  assertEquals([cache.urlOf(4), cache.hasFailed(7), cache.urlOf(3)], ["url 4", true, undefined]);
  cache.clear();
  assertEquals(dropped, ["url 4"]);
});
