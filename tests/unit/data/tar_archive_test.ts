import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { packTar } from "modern-tar";
import {
  type Bytes,
  concat,
  fullSamplesOf,
  gzip,
  IMAGE,
  refusalOf,
  samplesOf,
  tarOf,
  text,
} from "./archive_scene.ts";

/** A tar header by hand: what a library writes, it may also misread. */
function header(
  { name, type = "0", size = 0, prefix = "", magic = "ustar\x0000" }: {
    name: string;
    type?: string;
    size?: number;
    prefix?: string;
    magic?: string;
  },
): Bytes {
  const block = new Uint8Array(512), put = (at: number, field: string) => block.set(text(field), at);
  put(0, name);
  put(
    100,
    "0000644\0" + "0000000\0".repeat(2) + size.toString(8).padStart(11, "0") + "\0" + "0".repeat(11) + "\0",
  );
  put(148, " ".repeat(8) + type);
  put(257, magic);
  put(345, prefix);
  put(148, block.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, "0") + "\0 ");
  return block;
}
const padded = (bytes: Uint8Array) => concat([bytes, new Uint8Array(-bytes.length & 511)]);
const END = new Uint8Array(1024);
const file = (name: string, more = {}) =>
  concat([header({ name, size: IMAGE.length, ...more }), padded(IMAGE)]);

Deno.test("a tar's long names are whole: ustar's prefix, pax, GNU; and a tar of old has no magic", async () => {
  const folder = "val/" + "a".repeat(90), base = "b".repeat(80) + ".png", path = `${folder}/${base}`;
  const record = `path=${path}\n`, length = String(record.length + 4).length + 1 + record.length;
  const tars = {
    prefix: file(base, { prefix: folder }),
    pax: concat([
      header({ name: "PaxHeader", type: "x", size: length }),
      padded(text(`${length} ${record}`)),
      file("short"),
    ]),
    gnu: concat([
      header({ name: "././@LongLink", type: "L", size: path.length + 1, magic: "ustar  \0" }),
      padded(text(path + "\0")),
      file("short", { magic: "ustar  \0" }),
    ]),
  };
  for (const [what, tar] of Object.entries(tars)) {
    assertEquals(await samplesOf(concat([tar, END])), [[path, "val", "a".repeat(90)]], what);
  }
  assertEquals(await samplesOf(concat([file("cat/1.png", { magic: "" }), END]), { format: "imagefolder" }), [
    ["cat/1.png", "train", "cat"],
  ]);
});

Deno.test("names are labels of any content, and need not differ", async () => {
  const names = [
    "../../x/1.png",
    "/etc/1.png",
    "a\\..\\1.png",
    "C:\\1.png",
    "k/" + "n".repeat(4090),
    "x/1.png",
    "x/1.png",
    "é/" + "n".repeat(120) + "\0.png", // by pax, which has lengths: there a NUL is a character
  ];
  const tar = await packTar(
    [...names, "X/1.png"].map((name) => ({ header: { name, size: 6 }, body: IMAGE })),
  );
  assertEquals(await samplesOf(tar), [
    ["../../x/1.png", "train", "x"],
    ["/etc/1.png", "train", "etc"],
    ["a\\..\\1.png", "train", null],
    ["C:\\1.png", "train", null],
    ["k/" + "n".repeat(4090), "train", "k"],
    ["x/1.png", "train", "x"],
    ["x/1.png", "train", "x"],
    ["é/" + "n".repeat(120) + "\0.png", "train", "é"],
    ["X/1.png", "train", "X"],
  ]);
});

Deno.test("links and devices of a tar are listed and not followed", async () => {
  const types = { symlink: "2", link: "1", "character-device": "3", "block-device": "4", fifo: "6" };
  const members = Object.entries(types).map(([name, type]) => header({ name: `${name}.png`, type }));
  const seen = await samplesOf(concat([...members, file("1.png"), END]));
  assertEquals(seen, [
    ...Object.keys(types).map((name): [string, string] => [`${name}.png`, `it is a ${name}, not a file`]),
    ["1.png", "train", null],
  ]);
});

Deno.test("a tar that is cut says at which byte", async () => {
  const tar = await tarOf({ "a/1.png": new Uint8Array(3000), "a/2.png": IMAGE });
  for (const length of [700, 3000, 3584, 4100, tar.length - 1024]) {
    const { type, message } = await refusalOf(tar.slice(0, length));
    assertEquals(type, "archive_malformed");
    assertStringIncludes(message, `at byte ${length} of the tar`);
  }
  const packed = await gzip(await tarOf({ "1.png": crypto.getRandomValues(new Uint8Array(9000)) }));
  assertStringIncludes((await refusalOf(packed.slice(0, 5000))).message, "of the unpacked tar");
});

Deno.test("a tar that unpacks without end, has entries without end, or holds archives is refused", async () => {
  const bomb = await gzip(await tarOf({ "1.png": new Uint8Array(20_000_000) }));
  assert(bomb.length < 30_000);
  const limits = { freeBytes: 2 ** 20 };
  const { type, message } = await refusalOf(bomb, { limits });
  assertEquals(type, "archive_limits");
  assertStringIncludes(message, "more than 200 times as much");
  assertEquals((await samplesOf(bomb)).length, 1, "below the bytes that are free it is no bomb");

  const many = await tarOf(Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`${i}.png`, IMAGE])));
  assertEquals((await samplesOf(many, { limits: { entries: 11 } })).length, 11);
  assertEquals((await refusalOf(many, { limits: { entries: 10 } })).type, "archive_limits");

  for (const inner of [many, bomb, text("PK\x03\x04..."), text("PAR1")]) {
    const nested = await refusalOf(await tarOf({ "1.png": IMAGE, "inner.jpg": inner }));
    assertEquals(nested.type, "archive_limits");
    assertStringIncludes(nested.message, "inner.jpg is a");
  }
});

Deno.test("a file too large to be an image is listed, and the rest is read", async () => {
  const tar = await tarOf({ "a/1.png": new Uint8Array(2000), "a/2.png": IMAGE });
  assertEquals(await samplesOf(tar, { limits: { entryBytes: 1000 } }), [
    ["a/1.png", "it has 2000 bytes, more than 1000"],
    ["a/2.png", "train", "a"],
  ]);
});

Deno.test("another kind of archive is refused by its bytes", async () => {
  const rar = concat([text("Rar!\x1a\x07"), new Uint8Array(600)]);
  assertEquals((await refusalOf(rar)).type, "unsupported_media_type");
  assertEquals((await refusalOf(text("PAR1"))).type, "archive_malformed");
  assertEquals((await refusalOf(text("short"))).type, "archive_malformed");
});

Deno.test("a file that is passed over takes nothing of the next one, however large that is", async () => {
  const large = new Uint8Array(300_000).fill(7);
  for (const skipped of [".hidden", "metadata.csv"]) {
    const tar = await tarOf({ [skipped]: "file_name\nb.png\n", "b.png": large });
    const [sample] = await fullSamplesOf(tar);
    assertEquals("bytes" in sample && sample.bytes, large);
  }
});
