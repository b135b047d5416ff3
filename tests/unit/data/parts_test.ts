import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { DatasetReader } from "../../../src/data/dataset_reader.ts";
import { FileDatasetLibrary } from "../../../src/data/dataset_library.ts";
import { decodeImage } from "../../../src/data/decode.ts";
import { encodePng } from "../../../src/data/encode_png.ts";
import { ingesterWith } from "../../../src/data/ingest.ts";
import type { DatasetSummary } from "../../../src/domain/dataset.ts";
import { DomainError } from "../../../src/domain/errors.ts";
import { newId } from "../../../src/domain/ids.ts";
import type { Ingester } from "../../../src/domain/ports.ts";
import { tarOf } from "./archive_scene.ts";

const TASK = { settings: { short_side: 64, max_rejected: 0.5 } };
const inProcess = ingesterWith({ decode: (bytes) => decodeImage(bytes) });
type Files = Record<string, Uint8Array | string>;
const plain = (value: number, width = 4, height = 3) =>
  encodePng({ width, height, pixels: new Uint8Array(width * height * 3).fill(value) });

async function withLibrary(
  use: (library: FileDatasetLibrary, id: string, directory: string) => Promise<void>,
  ingester: Ingester = inProcess,
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "latentd-parts-" }), id = newId("ds");
  try {
    await use(
      new FileDatasetLibrary({ directory, ingester, maxUploadBytes: 2 ** 24 }),
      id,
      join(directory, id),
    );
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
const send = async (library: FileDatasetLibrary, id: string, files: Files) =>
  await library.receive(id, { body: new Blob([await tarOf(files)]).stream() });
const contents = (directory: string) => [...Deno.readDirSync(directory)].map(({ name }) => name).sort();

/** Everything that a dataset tells. */
async function all(library: FileDatasetLibrary, id: string, directory: string): Promise<unknown> {
  const { data } = await library.items(id, {}, { limit: 100 }), reader = DatasetReader.open(directory);
  const { manifest: { parts: _taken, ...manifest } } = reader;
  const labels = data.map(({ n }) => reader.classOf(n));
  const images = await Promise.all(data.map(({ n }) => library.image(id, n)));
  reader.close();
  const rejected = await library.rejected(id, { limit: 100 });
  const cats = await library.items(id, { class: "cat" }, { limit: 100 });
  return {
    data,
    labels,
    images,
    rejected,
    cats,
    duplicates: await library.duplicates(id, { limit: 9 }),
    manifest,
  };
}

/** The parts one by one, each ingested before the next is sent or all after; and the same files at once. */
async function bothWays(parts: Files[], oneByOne: boolean) {
  const told: { summary: DatasetSummary; content: unknown }[] = [];
  await withLibrary(async (library, id, directory) => {
    let summary: DatasetSummary | undefined;
    for (const files of parts) {
      await send(library, id, files);
      if (oneByOne) summary = await library.ingest(id, "parts", TASK);
    }
    if (!oneByOne) summary = await library.ingest(id, "parts", TASK);
    told.push({ summary: summary!, content: await all(library, id, directory) });
  });
  await withLibrary(async (library, id, directory) => {
    await send(library, id, Object.assign({}, ...parts));
    told.push({
      summary: await library.ingest(id, "parts", TASK),
      content: await all(library, id, directory),
    });
  });
  return told;
}

const LABELLED: Files[] = [
  {
    "train/dog/a.png": await plain(1),
    "train/dog/note.txt": "no image",
    "train/cat/b.png": await plain(200, 7, 2),
    "test/cat/c.png": await plain(1),
  },
  {
    "train/bird/d.png": await plain(90),
    "train/cat/e.png": await plain(91),
    "val/cat/f.png": await plain(1),
  },
  {
    "test/bird/g.png": await plain(90),
    "test/bird/h.txt": "nor this",
    "test/ape/i.png": await plain(5, 1, 1),
  },
];
for (const oneByOne of [true, false]) {
  const when = oneByOne ? "one after another" : "all sent before the first was in";
  Deno.test(`parts that came ${when} are the dataset that the same files at once are`, async () => {
    const [parts, once] = await bothWays(LABELLED, oneByOne);
    assertEquals(parts, once);
    assertEquals(once.summary.counts, { images: 8, rejected: 2, bytes: 42 + 6 * 36 + 3 });
  });
}

Deno.test("a folder that is alone is no class, and becomes one when a part brings another", async () => {
  const folders: Files[] = [
    { "cat/1.png": await plain(1), "cat/2.png": await plain(2) },
    { "cat/3.png": await plain(3) },
    { "dog/4.png": await plain(4) },
  ];
  const [parts, once] = await bothWays(folders, true);
  assertEquals(parts, once);
  assertEquals(once.summary.splits, { train: { images: 4, classes: { cat: 3, dog: 1 } } });
  const [alone, aloneOnce] = await bothWays(folders.slice(0, 2), true);
  assertEquals(alone, aloneOnce);
  assertEquals(alone.summary.splits, { train: { images: 3, classes: {} } });
});

Deno.test("a part that cannot be read is told of, and harms nothing that is there", async () => {
  await withLibrary(async (library, id, directory) => {
    await send(library, id, LABELLED[0]);
    const before = await library.ingest(id, "pets", TASK), content = await all(library, id, directory);
    await library.receive(id, { body: new Blob([new Uint8Array(3000).fill(7)]).stream() });
    await send(library, id, { "a.txt": "no image at all" });
    const after = await library.ingest(id, "pets", TASK);
    assertEquals({ ...after, warnings: [] }, before);
    assertEquals(after.warnings.map(({ code }) => code), ["part_failed", "part_failed"]);
    assert(after.warnings[0].message.startsWith("part 2 was not taken in: "), after.warnings[0].message);
    assert(after.warnings[1].message.includes("none of its 1 files"), after.warnings[1].message);
    const { data: [own, ofPart], ...rest } = await library.rejected(id, { limit: 9 });
    assertEquals([own.path, ofPart.path, rest.has_more], ["train/dog/note.txt", "a.txt", false]);
    assertEquals(await all(library, id, directory), {
      ...content as object,
      rejected: { data: [own, ofPart], has_more: false, reasons: [{ reason: own.reason, files: 2 }] },
    });
    assertEquals(contents(directory), ["failed_parts.json", "images", "rejected.json"]);

    await send(library, id, LABELLED[1]);
    const more = await library.ingest(id, "pets", TASK);
    assertEquals([more.counts.images, more.warnings.length], [6, 2]);
  });
});

Deno.test("a first part that cannot be read fails the dataset", async () => {
  await withLibrary(async (library, id) => {
    await library.receive(id, { body: new Blob([new Uint8Array(3000).fill(7)]).stream() });
    await send(library, id, LABELLED[0]);
    await assertRejects(() => library.ingest(id, "pets", TASK), DomainError);
  });
});

Deno.test("a crash before or behind the moment that a part is in leaves it out or in, never twice", async () => {
  let crash: "before" | "behind" | undefined;
  const crashing: Ingester = {
    async ingest(what, task) {
      if (crash === "before") throw new Error("crash");
      const summary = await inProcess.ingest(what, task);
      if (crash === "behind") throw new Error("crash");
      return summary;
    },
  };
  await withLibrary(async (library, id, directory) => {
    await send(library, id, LABELLED[0]);
    await library.ingest(id, "pets", TASK);
    for (const [part, when] of [[1, "before"], [2, "behind"]] as const) {
      await send(library, id, LABELLED[part]);
      crash = when;
      await assertRejects(() => library.ingest(id, "pets", TASK), Error, "crash");
      crash = undefined;
      // What an older generation leaves, where the crash came before it was removed.
      if (when === "behind") await Deno.mkdir(join(directory, "images"));
      const { counts } = await library.ingest(id, "pets", TASK);
      assertEquals(counts.images, part === 1 ? 6 : 8);
    }
    await withLibrary(async (other, otherId, otherDirectory) => {
      await send(other, otherId, Object.assign({}, ...LABELLED));
      await other.ingest(otherId, "pets", TASK);
      assertEquals(await all(library, id, directory), await all(other, otherId, otherDirectory));
    });
  }, crashing);
});

Deno.test("whoever browses a dataset goes on while a part is added", async () => {
  let browse = () => Promise.resolve();
  const browsed: Ingester = {
    async ingest(what, task) {
      const summary = await inProcess.ingest(what, task);
      await browse(); // the part is in, and the library does not know yet
      return summary;
    },
  };
  await withLibrary(async (library, id) => {
    await send(library, id, LABELLED[0]);
    await library.ingest(id, "pets", TASK);
    const before = await library.image(id, 0), counts: number[] = [];
    browse = async () => {
      assertEquals(await library.image(id, 0), before);
      counts.push((await library.items(id, {}, { limit: 100 })).data.length);
    };
    await send(library, id, LABELLED[1]);
    await library.ingest(id, "pets", TASK);
    await browse();
    assertEquals(counts, [3, 6]);
  }, browsed);
});

Deno.test("what a dead server was receiving is swept, and what the database does not know is told", async () => {
  await withLibrary(async (library, id, directory) => {
    const listed = newId("ds"), empty = newId("ds");
    await send(library, id, LABELLED[0]);
    for (const dataset of [listed, empty]) Deno.mkdirSync(join(directory, "..", dataset));
    for (const dataset of [id, listed, empty]) {
      Deno.writeTextFileSync(join(directory, "..", dataset, `${crypto.randomUUID()}.spool`), "half");
    }
    assertEquals(await library.sweep((dataset) => dataset === listed), [id]);
    assertEquals(contents(join(directory, "..")), [id, listed].sort());
    assertEquals(contents(directory), ["upload-00000"]);
  });
});

Deno.test("images' files are kept as they came where that is asked for, through later parts too", async () => {
  const settings = { ...TASK.settings, originals: true };
  await withLibrary(async (library, id, directory) => {
    for (const files of LABELLED) {
      await send(library, id, files);
      await library.ingest(id, "pets", { settings });
    }
    const files = Object.assign({}, ...LABELLED), { data } = await library.items(id, {}, { limit: 100 });
    assertEquals(data.length, 8);
    for (const { n, path } of data) assertEquals(await library.original(id, n), files[path], path);
    const { code } = await assertRejects(() => library.original(id, 8), DomainError) as DomainError;
    assertEquals(code, "not_found");
    assert(contents(join(directory, "images-2")).includes("original-00002.bin"));
  });
  await withLibrary(async (library, id, directory) => {
    await send(library, id, LABELLED[0]);
    await library.ingest(id, "pets", TASK);
    await assertRejects(() => library.original(id, 0), DomainError, "originals=true");
    assertEquals(contents(join(directory, "images")).filter((name) => name.startsWith("original")), []);
  });
});

Deno.test("a part that the disk has no room for is kept, and taken in with the next", async () => {
  let full = false;
  const ingester: Ingester = {
    ingest: (what, task) =>
      full
        ? Promise.reject(new DomainError("disk_full", "Cannot keep the dataset: the disk is full"))
        : inProcess.ingest(what, task),
  };
  await withLibrary(async (library, id, directory) => {
    await send(library, id, LABELLED[0]);
    const before = await library.ingest(id, "pets", TASK);
    await send(library, id, LABELLED[1]);
    full = true;
    const { warnings, ...rest } = await library.ingest(id, "pets", TASK);
    assertEquals({ ...rest, warnings: [] }, before);
    assert(warnings[0].message.startsWith("part 2 is kept, and is taken in when another is added"));
    assertEquals(contents(directory), ["images", "upload-00001"]);
    full = false;
    await send(library, id, LABELLED[2]);
    const after = await library.ingest(id, "pets", TASK);
    assertEquals([after.counts.images, after.warnings], [8, []]);
  }, ingester);
});
