import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { packTar } from "modern-tar";
import { FileDatasetLibrary } from "../../../src/data/dataset_library.ts";
import { DatasetReader } from "../../../src/data/dataset_reader.ts";
import { decodeImage } from "../../../src/data/decode.ts";
import { DecoderPool } from "../../../src/data/decoder_pool.ts";
import { encodePng } from "../../../src/data/encode_png.ts";
import { NameFile, NameWriter } from "../../../src/data/name_file.ts";
import { resizeBicubic } from "../../../src/data/resize.ts";
import { capShortSide } from "../../../src/data/short_side.ts";
import { ShardWriter } from "../../../src/data/shard.ts";
import { DomainError } from "../../../src/domain/errors.ts";
import { ingesterWith } from "../../../src/data/ingest.ts";
import { newId } from "../../../src/domain/ids.ts";
import { RandomStream } from "../../../src/domain/philox.ts";
import type { IngestTask } from "../../../src/domain/ports.ts";

const SETTINGS = { short_side: 256, max_rejected: 0 };
const ingester = ingesterWith({
  decode: async (bytes: Uint8Array, { shortSide }: { shortSide?: number } = {}) =>
    capShortSide(await decodeImage(bytes), shortSide),
});

async function inDirectory(use: (directory: string) => Promise<void> | void): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "latentd-shards-" });
  try {
    await use(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
const plain = (value: number, width = 4, height = 3) =>
  encodePng({ width, height, pixels: new Uint8Array(width * height * 3).fill(value) });

/** A dataset of a tar with these files, and what came of it. */
async function withDataset(
  files: [string, Uint8Array][],
  use: (library: FileDatasetLibrary, id: string, directory: string) => Promise<void>,
): Promise<void> {
  await inDirectory(async (directory) => {
    const library = new FileDatasetLibrary({ directory, ingester, maxUploadBytes: 2 ** 24 }),
      id = newId("ds");
    const tar = await packTar(
      files.map(([name, body]) => ({
        header: { name, size: body.length },
        body: body as Uint8Array<ArrayBuffer>,
      })),
    );
    await library.receive(id, { body: new Blob([tar]).stream() });
    await use(library, id, directory);
  });
}
const refusal = async (run: () => Promise<unknown>): Promise<DomainError> =>
  await assertRejects(run, DomainError) as unknown as DomainError;

Deno.test("names come back from their file in any order, whatever they are", () =>
  inDirectory((directory) => {
    const hostile = ["", "a", "a", "ab", "é".repeat(3000), "\0../x", "\ufeffbom", "train/x/1.png"];
    for (const count of [0, 1, 63, 64, 65, 300]) {
      const wanted = Array.from(
        { length: count },
        (_, n) => n % 40 < 8 ? hostile[n % 40] : `train/cat/${n}.png`,
      );
      const [names, starts] = ["names", "starts"].map((name) => join(directory, `${name}-${count}`));
      const blocks: Uint8Array[] = [], writer = new NameWriter((block) => blocks.push(block));
      for (const name of wanted) writer.add(name);
      Deno.writeFileSync(starts, writer.finish());
      Deno.writeFileSync(names, new Uint8Array(blocks.flatMap((block) => [...block])));
      const file = new NameFile(names, starts);
      for (let n = count; n-- > 0;) assertEquals(file.get((n * 7) % count), wanted[(n * 7) % count]);
      file.close();
    }
  }));

Deno.test("items() and browse() find what a scan finds, by split, class and place", () =>
  inDirectory((directory) => {
    const writer = new ShardWriter(directory), random = new RandomStream(3, 91), images = 3000;
    const splits = ["train", "test", "val"], classes = ["a", "b", "c", "d"], order = [2, 0, 3, 1];
    const truth = Array.from({ length: images }, (_, n) => {
      const split = random.below(9) === 0 ? 1 : 0, given = random.below(5) - 1;
      writer.add(
        `${splits[split]}/${n}.png`,
        { width: 1, height: 1, pixels: new Uint8Array(3) },
        split,
        given,
      );
      return { split: splits[split], class: given < 0 ? null : classes[order[given]] };
    });
    writer.finish({ splits, classes, summary: {} as never }, order, []);
    const reader = DatasetReader.open(directory);
    for (const split of [undefined, ...splits, "none"]) {
      const matching = (label?: string) =>
        [...truth.keys()].filter((n) =>
          (split === undefined || truth[n].split === split) &&
          (label === undefined || truth[n].class === label)
        );
      assertEquals([...reader.items(split)], matching());
      for (const label of [undefined, ...classes, "none"]) {
        for (const [after, limit] of [[-1, 5000], [-1, 7], [0, 1], [1500, 20], [2999, 5], [9999, 5]]) {
          const expected = matching(label).filter((n) => n > after).slice(0, limit);
          assertEquals(reader.browse({ split, class: label }, { after, limit }), expected);
        }
        for (const [after, offset] of [[-1, 1], [-1, 200], [1000, 17], [-1, 2999], [-1, 5000]]) {
          const expected = matching(label).filter((n) => n > after).slice(offset, offset + 5);
          assertEquals(reader.browse({ split, class: label }, { after, offset, limit: 5 }), expected);
        }
        assertEquals(reader.count({ split, class: label }), matching(label).length);
      }
    }
    for (const n of [0, 63, 64, 1000, 2999]) {
      assertEquals(reader.entry(n), {
        n,
        path: `${truth[n].split}/${n}.png`,
        ...truth[n],
        width: 1,
        height: 1,
      });
      assertEquals(reader.classOf(n), classes.indexOf(truth[n].class!));
    }
    assertThrows(() => reader.entry(images), RangeError);
    reader.close();
  }));

Deno.test("an index past what is cached is read by page", () =>
  inDirectory((directory) => {
    const writer = new ShardWriter(directory), images = 270_000; // 8.6 MB of records
    const hash = new Uint8Array(16), pixels = new Uint8Array(3);
    for (let n = 0; n < images; n++) {
      pixels.fill(n % 251);
      writer.add(`train/${n % 7}/${n}.png`, { width: 1, height: 1, pixels }, 0, n % 7, { hash });
    }
    writer.finish(
      { splits: ["train"], classes: [..."abcdefg"], summary: {} as never },
      [0, 1, 2, 3, 4, 5, 6],
      [],
    );
    const reader = DatasetReader.open(directory), random = new RandomStream(1, 92);
    for (let i = 0; i < 5000; i++) {
      const n = random.below(images);
      assertEquals([reader.classOf(n), reader.image(n).pixels[0]], [n % 7, n % 251]);
    }
    assertEquals(reader.entry(269_999).path, "train/0/269999.png".replace("/0/", `/${269_999 % 7}/`));
    reader.close();
    let bytes = 0;
    for (const { name } of Deno.readDirSync(join(directory, "images"))) {
      if (!name.startsWith("shard-")) bytes += Deno.statSync(join(directory, "images", name)).size;
    }
    assert(bytes / images <= 64, `${bytes / images} bytes an image`);
  }));

Deno.test("a dataset of format 1 is refused by name", () =>
  inDirectory(async (directory) => {
    await Deno.mkdir(join(directory, "images"));
    await Deno.writeTextFile(join(directory, "images", "manifest.json"), '{"format": 1}');
    const { code, options, message } = assertThrows(
      () => DatasetReader.open(directory),
      DomainError,
    ) as DomainError;
    assertEquals([code, options.type], ["conflict", "dataset_format"]);
    assert(message.includes("must be 2, got 1"), message);
  }));

Deno.test("a larger image is shrunk on the decoder's thread, a smaller one kept, and the manifest says so", async () => {
  const random = new RandomStream(5, 93);
  const noise = Uint8Array.from({ length: 90 * 40 * 3 }, () => random.below(256));
  const wide = { width: 90, height: 40, pixels: noise }, pool = new DecoderPool(1);
  const bytes = await encodePng(wide);
  try {
    const { pixels, ...size } = await pool.decode(bytes, { shortSide: 32 });
    assertEquals(size, { width: 72, height: 32, shrunk: true });
    assertEquals(pixels, resizeBicubic(wide, 72, 32).pixels);
    assertEquals(await pool.decode(bytes, { shortSide: 40 }), wide);
    assertEquals(await pool.decode(bytes), wide);
  } finally {
    pool.close();
  }
  await withDataset([["a.png", bytes], ["b.png", await plain(7)]], async (library, id, directory) => {
    await library.ingest(id, "wide", { settings: { ...SETTINGS, short_side: 32 } });
    assertEquals(
      (await library.items(id, {}, { limit: 2 })).data.map(({ width, height }) => [width, height]),
      [
        ...[[72, 32], [4, 3]],
      ],
    );
    const reader = DatasetReader.open(join(directory, id));
    assertEquals(reader.manifest.resize, { short_side: 32, method: "bicubic, antialiased", images: 1 });
    reader.close();
  });
});

Deno.test("duplicates within and across splits are counted, and those across told with labels and paths", async () => {
  const [one, two, three] = [await plain(1), await plain(2), await plain(3)];
  const files: [string, Uint8Array][] = [
    ["train/cat/1.png", one],
    ["train/cat/1 again.png", one],
    ["train/dog/2.png", two],
    ["train/dog/turned.png", await plain(1, 3, 4)], // the same bytes in another shape are another image
    ["test/cat/1.png", one],
    ["test/cat/2.png", two],
    ["test/dog/3.png", three],
    ["test/dog/3 again.png", three],
  ];
  await withDataset(files, async (library, id) => {
    const { duplicates, warnings } = await library.ingest(id, "twins", { settings: SETTINGS });
    const cat = (split: string) => ({ split, class: "cat" });
    assertEquals(duplicates, {
      ...{ within: 2, across: 2 },
      across_with_labels: [
        { labels: [cat("test"), cat("train")], contents: 1 },
        { labels: [cat("test"), { split: "train", class: "dog" }], contents: 1 },
      ],
    });
    assertEquals(warnings, []);
    const first = await library.duplicates(id, { limit: 1 });
    assertEquals(first, {
      data: [{
        images: 3,
        items: [
          { n: 0, path: "train/cat/1.png", ...cat("train") },
          { n: 4, path: "test/cat/1.png", ...cat("test") },
        ],
      }],
      has_more: true,
    });
    const { data: [second], has_more } = await library.duplicates(id, { after: 0, limit: 1 });
    assertEquals([second.items.map(({ n }) => n), has_more], [[2, 5], false]);
  });
});

Deno.test("a dataset that can hardly be meant is taken with a warning", async () => {
  const [same, other] = [await plain(1), await plain(2)];
  const cases: [[string, Uint8Array][], string[]][] = [
    [[["1.png", same]], ["it has a single image"]],
    [[["1.png", same], ["2.png", same]], ["all of its 2 images are identical"]],
    [[["train/a/1.png", same], ["train/a/2.png", other]], ['all of its labels are one class, "a"']],
    [[["1.png", same], ["2.png", other]], []],
  ];
  for (const [files, expected] of cases) {
    await withDataset(files, async (library, id) => {
      const { warnings } = await library.ingest(id, "few", { settings: SETTINGS });
      assertEquals(warnings.map(({ message }) => message), expected);
    });
  }
});

Deno.test("more rejected files than max_rejected fail the dataset, and the report is kept", async () => {
  const text = new TextEncoder().encode("no image"), files: [string, Uint8Array][] = [];
  for (let i = 0; i < 99; i++) files.push([`a/${i}.png`, await plain(i)]);
  const bad = (count: number) =>
    Array.from({ length: count }, (_, i): [string, Uint8Array] => [`${i}.jpg`, text]);
  const settings = { ...SETTINGS, max_rejected: 0.01 };
  await withDataset([...files, ...bad(1)], async (library, id) => { // one in a hundred is allowed
    assertEquals((await library.ingest(id, "good", { settings })).counts.rejected, 1);
  });
  await withDataset([...files, ...bad(2)], async (library, id, directory) => {
    const { code, options, message } = await refusal(() => library.ingest(id, "bad", { settings }));
    assertEquals([code, options.type], ["invalid", "too_many_rejected"], message);
    const { data, has_more } = await library.rejected(id, { limit: 1 });
    assertEquals([data[0].path, has_more], ["0.jpg", true]);
    assertEquals([...Deno.readDirSync(join(directory, id))].map(({ name }) => name).sort(), [
      ...["rejected.json", "upload-00000"],
    ]);
  });
  await withDataset(bad(3), async (library, id) => {
    assertEquals((await refusal(() => library.ingest(id, "none", { settings }))).options.type, "no_images");
    assertEquals((await library.rejected(id, { after: 0, limit: 9 })).data.length, 2);
  });
});

Deno.test("an ingest tells how far it is, and one that is given up leaves only its upload", async () => {
  const files: [string, Uint8Array][] = [];
  for (let i = 0; i < 60; i++) files.push([`a/${i}.png`, await plain(i)]);
  await withDataset(files, async (library, id, directory) => {
    const told: Parameters<NonNullable<IngestTask["onProgress"]>>[0][] = [], abort = new AbortController();
    const onProgress: IngestTask["onProgress"] = (so) => {
      told.push(so);
      if (so.images === 20) abort.abort();
    };
    await assertRejects(() =>
      library.ingest(id, "half", { settings: SETTINGS, signal: abort.signal, onProgress })
    );
    assertEquals([...Deno.readDirSync(join(directory, id))].map(({ name }) => name), ["upload-00000"]);
    assertEquals(told.map(({ images }) => images), Array.from({ length: 20 }, (_, i) => i + 1));
    const { bytesRead, bytesTotal } = told.at(-1)!;
    assert(bytesRead > 0 && bytesRead <= bytesTotal, `${bytesRead} of ${bytesTotal}`);
    assertEquals((await library.ingest(id, "again", { settings: SETTINGS })).counts.images, 60);
    await library.remove(id);
    assertEquals([...Deno.readDirSync(directory)], []);
  });
});

Deno.test("an archive that is rejected beyond hope is not read to its end", async () => {
  const empty = new Uint8Array(), files: [string, Uint8Array][] = [["a/first.png", await plain(1)]];
  for (let i = 0; i < 3000; i++) files.push([`a/${i}.png`, empty]);
  await withDataset(files, async (library, id) => {
    const settings = { ...SETTINGS, max_rejected: 0 };
    const { options, message } = await refusal(() => library.ingest(id, "hopeless", { settings }));
    assertEquals(options.type, "too_many_rejected");
    const [, held] = /got (\d+) of/.exec(message)!.map(Number);
    assert(held > 1000 && held < 1100, message);
    assertEquals((await library.rejected(id, { after: 998, limit: 1 })).data[0].reason, "it is empty");
  });
});
