import { deflateRawSync } from "node:zlib";
import { BlobWriter, TextReader, Uint8ArrayReader, ZipWriter } from "@zip.js/zip.js";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  type Bytes,
  fullSamplesOf,
  IMAGE,
  refusalOf,
  samplesOf,
  text,
  type ZipFile,
  zipOf,
} from "./archive_scene.ts";

const OFF = { useWebWorkers: false };
async function packed(add: (zip: ZipWriter<Blob>) => Promise<unknown>, options = {}): Promise<Bytes> {
  const zip = new ZipWriter(new BlobWriter(), { ...OFF, ...options });
  await add(zip);
  return new Uint8Array(await (await zip.close()).arrayBuffer());
}
const png = (name: string, more: Partial<ZipFile> = {}): ZipFile => ({ name: text(name), ...more });

Deno.test("a zip is read: stored, deflated, with data descriptors, and as zip64", async () => {
  const content = text("image ".repeat(1000));
  for (const options of [{ level: 0 }, { level: 6 }, { dataDescriptor: true }, { zip64: true }]) {
    const zip = await packed(async (zip) => {
      await zip.add("train/", undefined, { directory: true });
      await zip.add("train/cat/1.png", new Uint8ArrayReader(content));
      await zip.add("test/dog/2.png", new TextReader("x"));
    }, options);
    const what = JSON.stringify(options);
    assertEquals(await samplesOf(zip), [["train/cat/1.png", "train", "cat"], [
      "test/dog/2.png",
      "test",
      "dog",
    ]], what);
    const [first] = await fullSamplesOf(zip);
    assertEquals("bytes" in first && first.bytes, content, what);
  }
});

Deno.test("a zip's names are labels: UTF-8 or CP437, and whatever they hold", async () => {
  const UTF8 = 0x800;
  const zip = zipOf([
    png("Bär/1.png", { flags: UTF8 }),
    { name: Uint8Array.of(0x42, 0x84, 0x72, 0x2f, 0x31) }, // Bär/1 in CP437
    ...["../../x/1.png", "/etc/1.png", "a\\..\\1.png", "C:\\1.png", "x/1.png", "x/1.png", "X/1.png"].map((
      name,
    ) => png(name)),
    png("nul/\0.png"),
    png("n".repeat(4096)),
  ]);
  assertEquals((await samplesOf(zip)).map(([path]) => path), [
    ...["Bär/1.png", "Bär/1", "../../x/1.png", "/etc/1.png", "a\\..\\1.png", "C:\\1.png"],
    ...["x/1.png", "x/1.png", "X/1.png", "nul/\0.png", "n".repeat(4096)],
  ]);
});

Deno.test("links, encrypted files and rare compressions of a zip are listed by name", async () => {
  const S_IFLNK = 0o120777;
  const zip = zipOf([
    png("link.png", { attributes: S_IFLNK << 16 >>> 0 }),
    png("secret.png", { flags: 1 }),
    png("lzma.png", { method: 14 }),
    png("1.png"),
  ]);
  assertEquals(await samplesOf(zip), [
    ["link.png", "it is a symlink, not a file"],
    ["secret.png", "it is encrypted"],
    ["lzma.png", "its compression (method 14) is neither stored nor deflated"],
    ["1.png", "train", null],
  ]);
  const locked = await packed((zip) => zip.add("a.png", new TextReader("x"), { password: "p" }));
  assertEquals(await samplesOf(locked), [["a.png", "it is encrypted"]]);
});

Deno.test("a zip bomb is refused by what it declares, and one that lies by what comes out", async () => {
  const zeros = new Uint8Array(20_000_000), body = deflateRawSync(zeros, { level: 9 });
  const limits = { freeBytes: 2 ** 20 };
  const bomb = await refusalOf(zipOf([png("1.png", { body, method: 8, declared: zeros.length })]), {
    limits,
  });
  assertEquals(bomb.type, "archive_limits");
  assertStringIncludes(bomb.message, "unpack to 20000000");
  const liar = await refusalOf(zipOf([png("1.png", { body, method: 8, declared: 1000 })]), { limits });
  assertEquals(liar.type, "archive_malformed");
});

Deno.test("files of a zip that share bytes, entries without end and archives within are refused", async () => {
  const overlap = await refusalOf(
    zipOf([png("1.png", { body: new Uint8Array(500) }), png("2.png", { offset: 10 })]),
  );
  assertEquals([overlap.type, overlap.message], [
    "archive_limits",
    "Cannot take the archive: 2.png shares bytes with 1.png",
  ]);
  const many = zipOf(Array.from({ length: 11 }, (_, i) => png(`${i}.png`)));
  assertEquals((await samplesOf(many, { limits: { entries: 11 } })).length, 11);
  assertEquals((await refusalOf(many, { limits: { entries: 10 } })).type, "archive_limits");
  // One that says it has millions is refused before they are gone through, if only by what it says;
  const boasting = many.slice();
  new DataView(boasting.buffer).setUint16(boasting.length - 12, 60_000, true);
  const boast = await refusalOf(boasting, { limits: { entries: 50_000 } });
  assertEquals(boast.message, "Cannot take the archive: it has more than 50000 entries");
  // one that says it has fewer is gone through.
  const modest = many.slice();
  new DataView(modest.buffer).setUint16(modest.length - 12, 1, true);
  assert((await samplesOf(modest)).length <= 11);
  assertEquals((await refusalOf(many, { limits: { directoryBytes: 500 } })).type, "archive_limits");
  assertEquals((await refusalOf(zipOf([png("in.zip", { body: many })]))).type, "archive_limits");
});

Deno.test("a zip that is cut says where it ends, and one whose content is changed where that lies", async () => {
  const zip = zipOf([png("1.png", { body: new Uint8Array(5000) }), png("2.png")]);
  for (const length of [40, 3000, zip.length - 60, zip.length - 1]) {
    const { type, message } = await refusalOf(zip.slice(0, length));
    assertEquals(type, "archive_malformed");
    assertStringIncludes(message, `${length}`);
  }
  const changed = zip.slice();
  changed[2000] ^= 1;
  const { type, message } = await refusalOf(changed);
  assertEquals(type, "archive_malformed");
  assertStringIncludes(message, "1.png, at byte 0");
});

Deno.test("an empty zip has no images", async () => {
  assertEquals(await samplesOf(zipOf([])), []);
  assertEquals(
    await samplesOf(zipOf([{ name: text("x/"), body: new Uint8Array() }, { name: text("a"), body: IMAGE }])),
    [
      ["a", "train", null],
    ],
  );
});
