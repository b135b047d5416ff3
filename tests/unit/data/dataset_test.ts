import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { packTar } from "modern-tar";
import { DatasetReader } from "../../../src/data/dataset_reader.ts";
import { FileDatasetLibrary } from "../../../src/data/dataset_library.ts";
import { decodeImage } from "../../../src/data/decode.ts";
import { encodePng } from "../../../src/data/encode_png.ts";
import { readImagePath } from "../../../src/data/image_path.ts";
import { ingesterWith } from "../../../src/data/ingest.ts";
import { Loader } from "../../../src/data/loader.ts";
import { DomainError } from "../../../src/domain/errors.ts";
import { newId } from "../../../src/domain/ids.ts";
import type { IngestTask } from "../../../src/domain/ports.ts";
import { gzip, tarOf, text, zipOf } from "./archive_scene.ts";

const ingester = ingesterWith({ decode: (bytes) => decodeImage(bytes) });
const TASK = { settings: { short_side: 256, max_rejected: 1 } };
type Body = ConstructorParameters<typeof Blob>[0] extends (infer T)[] | undefined ? T : never;

/** A PNG whose every byte is `value`. */
const plain = (value: number, width = 4, height = 3) =>
  encodePng({ width, height, pixels: new Uint8Array(width * height * 3).fill(value) });
const stream = (body: Body): ReadableStream<Uint8Array> => new Blob([body]).stream();

async function withLibrary(
  use: (library: FileDatasetLibrary, id: string, directory: string) => Promise<void>,
  maxUploadBytes = 2 ** 24,
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "latentd-data-" });
  try {
    await use(new FileDatasetLibrary({ directory, ingester, maxUploadBytes }), newId("ds"), directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
async function refusal(run: () => Promise<unknown>): Promise<DomainError> {
  return await assertRejects(run, DomainError) as unknown as DomainError;
}

Deno.test("a tar, and the same one gzipped, become the same dataset", async () => {
  const tar = await tarOf({
    "train/cat/a.png": await plain(0),
    "train/dog/b.png": await plain(255, 2, 5),
    "test/cat/c.png": await plain(9),
    "train/cat/d.jpg": "not an image",
    "train/cat/.hidden": "no one asks",
    "__MACOSX/train/cat/a.png": "nor for this",
  });
  const summaries: unknown[] = [];
  for (const body of [tar, await gzip(tar)]) {
    await withLibrary(async (library, id, directory) => {
      assertEquals(await library.receive(id, { body: stream(body) }), body.length);
      const summary = await library.ingest(id, "pets", TASK);
      summaries.push(summary);
      assertEquals(summary.counts, { images: 3, rejected: 1, bytes: 36 + 30 + 36 });
      assertEquals(summary.splits, {
        train: { images: 2, classes: { cat: 1, dog: 1 } },
        test: { images: 1, classes: { cat: 1 } },
      });
      // 12 pixels of 0 and 10 of 1.
      assertAlmostEquals(summary.channel_mean![0], 10 / 22, 1e-12);
      assertAlmostEquals(summary.channel_std![2], Math.sqrt(10 / 22 - (10 / 22) ** 2), 1e-12);
      const { data } = await library.rejected(id, { limit: 10 });
      assertEquals(data, [{
        path: "train/cat/d.jpg",
        reason: "the bytes are no PNG, JPEG, GIF, TIFF, WebP, BMP or binary PNM",
      }]);
      const { data: items, has_more } = await library.items(id, { split: "train" }, { limit: 1 });
      assertEquals(items, [{
        n: 0,
        path: "train/cat/a.png",
        split: "train",
        class: "cat",
        width: 4,
        height: 3,
      }]);
      assertEquals(has_more, true);
      assertEquals(
        (await library.items(id, { class: "cat" }, { after: 0, limit: 9 })).data.map(({ n }) => n),
        [2],
      );
      assertEquals((await library.items(id, { class: "cow" }, { limit: 9 })).data, []);
      assertEquals((await library.image(id, 1)).pixels, new Uint8Array(30).fill(255));
      assertEquals((await refusal(() => library.image(id, 3))).code, "not_found");
      await library.remove(id);
      assertEquals([...Deno.readDirSync(directory)], []);
    });
  }
  assertEquals(summaries[0], summaries[1]);
});

Deno.test("an archive that is cut anywhere, or is none, is malformed as a whole", async () => {
  const tar = await tarOf({ "a/1.png": await plain(1), "a/2.png": await plain(2) });
  const cuts = [100, 512, 700, 1024, 1300, tar.length - 1024];
  const wholes: [string, Uint8Array<ArrayBuffer>][] = cuts.map((
    length,
  ) => [`${length} bytes`, tar.slice(0, length)]);
  const packed = await gzip(tar);
  wholes.push(["a cut gzip", packed.slice(0, packed.length - 20)]);
  wholes.push(["noise", crypto.getRandomValues(new Uint8Array(4096))]);
  for (const [what, body] of wholes) {
    await withLibrary(async (library, id) => {
      await library.receive(id, { body: stream(body) });
      const { code, message } = await refusal(() => library.ingest(id, "cut", TASK));
      assertEquals(code, "malformed", `${what}: ${message}`);
      assert(message.startsWith("Cannot read the archive"), message);
    });
  }
});

Deno.test("an archive without images says how many files it has", async () => {
  await withLibrary(async (library, id) => {
    await library.receive(id, { body: stream(await tarOf({ "a.txt": "x", "b.txt": "y" })) });
    const { code, message } = await refusal(() => library.ingest(id, "texts", TASK));
    assertEquals([code, message], [
      "invalid",
      'Cannot ingest "texts": none of its 2 files is an image that can be read',
    ]);
  });
});

Deno.test("links are listed and not held against it, names that climb are only names: nothing is written under them", async () => {
  await withLibrary(async (library, id, directory) => {
    const body = await plain(5);
    const tar = await packTar([
      { header: { name: "../../escape.png", size: body.length }, body },
      { header: { name: "link.png", size: 0, type: "symlink", linkname: "/etc/passwd" } },
    ]);
    await library.receive(id, { body: stream(tar) });
    const { counts } = await library.ingest(id, "sly", { settings: { ...TASK.settings, max_rejected: 0 } });
    assertEquals([counts.images, counts.rejected], [1, 1]);
    assertEquals([...Deno.readDirSync(directory)].map(({ name }) => name), [id]);
    assertEquals((await library.rejected(id, { limit: 1 })).data[0].reason, "it is a symlink, not a file");
  });
});

Deno.test("an upload over the limit, an empty one, and one that breaks off leave nothing behind", async () => {
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(1000)),
  });
  const broken = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new Uint8Array(10));
      controller.error(new TypeError("connection reset"));
    },
  });
  for (
    const [body, code] of [[endless, "too_large"], [stream(""), "malformed"], [broken, "malformed"]] as const
  ) {
    await withLibrary(async (library, id, directory) => {
      assertEquals((await refusal(() => library.receive(id, { body: body }))).code, code);
      assertEquals([...Deno.readDirSync(directory)], []);
    }, 5000);
  }
});

Deno.test("an ingest that was interrupted is done again; one that was complete is not", async () => {
  await withLibrary(async (library, id, directory) => {
    await library.receive(id, {
      body: stream(await tarOf({ "x/1.png": await plain(3), "y/2.png": await plain(4) })),
    });
    await Deno.mkdir(`${directory}/${id}/images.tmp`); // what a killed writer leaves
    await Deno.writeTextFile(`${directory}/${id}/images.tmp/shard-00000.bin`, "half");
    const first = await library.ingest(id, "twice", TASK);
    assertEquals(first.counts.images, 2);
    assertEquals(await library.ingest(id, "twice", TASK), first);
  });
});

Deno.test("an upload is read as its settings say, whatever its bytes look like", async () => {
  await withLibrary(async (library, id, directory) => {
    const tar = await tarOf({ "cat/1.png": await plain(1), "cat/1.json": '{"label":"tabby"}' });
    await library.receive(id, { body: stream(tar) });
    const task = { settings: { ...TASK.settings, format: "webdataset" as const } };
    assertEquals((await library.ingest(id, "shard", task)).splits, {
      train: { images: 1, classes: { tabby: 1 } },
    });
    assertEquals([...Deno.readDirSync(`${directory}/${id}`)].map(({ name }) => name), ["images"]);
  });
});

Deno.test("a CIFAR batch becomes a dataset without being decoded; names that are numbers go by number", async () => {
  await withLibrary(async (library, id) => {
    const labels = [2, 3, 0, 9, 1], batch = new Uint8Array(5 * 3073).fill(7);
    labels.forEach((label, i) => batch[3073 * i] = label);
    await library.receive(id, { body: stream(batch) });
    const { counts, splits } = await library.ingest(id, "five", TASK);
    assertEquals([counts.images, splits], [5, {
      train: { images: 5, classes: { 0: 1, 1: 1, 2: 1, 3: 1, 9: 1 } },
    }]);
    assertEquals((await library.image(id, 0)).pixels, new Uint8Array(3072).fill(7));
  });
  for (
    const [names, sorted] of [
      [["10", "9", "2", "-1", "02"], ["-1", "02", "2", "9", "10"]],
      [["10", "9", "b"], ["10", "9", "b"]],
    ]
  ) {
    await withLibrary(async (library, id, directory) => {
      const files: Record<string, Uint8Array> = {};
      for (const name of names) files[`train/${name}/x.png`] = await plain(1);
      await library.receive(id, { body: stream(await tarOf(files)) });
      await library.ingest(id, "numbers", TASK);
      const reader = DatasetReader.open(`${directory}/${id}`);
      assertEquals(reader.manifest.classes, sorted);
      assertEquals(names.map((_, n) => reader.entry(n).class), names);
      reader.close();
    });
  }
});

Deno.test("pickles and rows without a file are listed, and not held against max_rejected", async () => {
  const image = await plain(1), strict = { settings: { short_side: 256, max_rejected: 0 } };
  const shard = { "1.png": image, "1.cls": "a", "1.pkl": "x", "2.png": image, "2.cls": "b", "2.pkl": "y" };
  const table = { "metadata.csv": "file_name,label\n1.png,a\n2.png,b\n", "1.png": image };
  for (const [files, images, rejected] of [[shard, 2, ["1.pkl", "2.pkl"]], [table, 1, ["2.png"]]] as const) {
    await withLibrary(async (library, id) => {
      await library.receive(id, { body: stream(await tarOf(files)) });
      assertEquals((await library.ingest(id, "listed", strict)).counts.images, images);
      const { data } = await library.rejected(id, { limit: 9 });
      assertEquals(data.map(({ path }) => path), [...rejected]);
      assertEquals(Object.keys(data[0]), ["path", "reason"]);
    });
  }
  await withLibrary(async (library, id) => {
    await library.receive(id, { body: stream(await tarOf({ ...shard, "3.png": "none", "3.cls": "a" })) });
    const { options, message } = await refusal(() => library.ingest(id, "bad", strict));
    assertEquals(options.type, "too_many_rejected");
    assert(message.endsWith("got 1 of 3"), message);
  });
});

Deno.test("progress counts the archive's bytes once, to the last, in every format", async () => {
  const image = await plain(1, 40, 40), noise = Uint8Array.from({ length: 300_000 }, (_, i) => i * i % 251);
  const folder = { "cat/1.png": image, "dog/2.png": image, "metadata.csv": "file_name\ncat/1.png\n" };
  const shard = { "1.png": image, "1.cls": "a", "2.bin": noise, "3.png": image, "3.cls": "b" };
  const records = noise.slice(0, 97 * 3073);
  for (let i = 0; i < 97; i++) records[3073 * i] = i % 10;
  const cifar = { "batches.meta.txt": "a\n".repeat(10), "data_batch_1.bin": records };
  const uploads: Record<string, Uint8Array<ArrayBuffer>> = { records };
  for (const [name, files] of Object.entries({ folder, shard, cifar })) {
    uploads[`${name} in tar`] = await tarOf(files);
    uploads[`${name} in tar.gz`] = await gzip(await tarOf(files));
    uploads[`${name} in zip`] = zipOf(
      Object.entries(files).map(([name, body]) => ({
        name: text(name),
        body: typeof body === "string" ? text(body) : body,
      })),
    );
  }
  for (const [name, body] of Object.entries(uploads)) {
    await withLibrary(async (library, id) => {
      await library.receive(id, { body: stream(body) });
      const read: number[] = [];
      const onProgress: IngestTask["onProgress"] = ({ bytesRead, bytesTotal }) => {
        assertEquals(bytesTotal, body.length);
        read.push(bytesRead);
      };
      await library.ingest(id, name, { ...TASK, onProgress });
      assertEquals([read, read.at(-1)], [read.toSorted((a, b) => a - b), body.length], name);
    });
  }
});

Deno.test("readImagePath() reads split and class from folders", () => {
  const meanings = {
    "train/cat/1.png": ["train", "cat", true],
    "data/val/cat/deep/1.png": ["val", "cat", true],
    "valid/1.png": ["val", null, true],
    "cat/1.png": ["train", "cat", false],
    "1.png": ["train", null, false],
    "./x/1.png": ["train", "x", false],
    "../../1.png": ["train", null, false],
  };
  for (const [path, [split, label, explicit]] of Object.entries(meanings)) {
    assertEquals(
      readImagePath(path),
      { split, class: label, explicit } as ReturnType<typeof readImagePath>,
      path,
    );
  }
  for (const path of [".DS_Store", "a/._b.png", "__MACOSX/a.png"]) {
    assertEquals(readImagePath(path), undefined);
  }
});

Deno.test("one folder around all images is no class", async () => {
  await withLibrary(async (library, id) => {
    await library.receive(
      id,
      { body: stream(await tarOf({ "photos/1.png": await plain(1), "photos/2.png": await plain(2) })) },
    );
    const { splits } = await library.ingest(id, "flat", TASK);
    assertEquals(splits, { train: { images: 2, classes: {} } });
    assertEquals((await library.items(id, {}, { limit: 1 })).data[0].class, null);
  });
});

Deno.test("Loader visits every image once an epoch, packed to four bytes, in an order of seed and epoch", async () => {
  await withLibrary(async (library, id, directory) => {
    const files: Record<string, Uint8Array> = {};
    for (let i = 0; i < 10; i++) files[`train/a/${i}.png`] = await plain(i, 1 + (i % 3), 1);
    await library.receive(id, { body: stream(await tarOf({ ...files, "test/a/x.png": await plain(99) })) });
    await library.ingest(id, "ten", TASK);
    const reader = DatasetReader.open(`${directory}/${id}`);
    const loader = new Loader({ reader, split: "train", batch: 3, seed: 5 });
    assertEquals([loader.stepsPerEpoch, loader.maxImageBytes], [3, 12]);
    const epochs = [0, 1].map((epoch) => {
      const seen: number[] = [];
      for (let step = 3 * epoch; step < 3 * epoch + 3; step++) {
        const batch = loader.batch(step);
        assertEquals(batch.epoch, epoch);
        for (const [i, n] of batch.samples.entries()) {
          assertEquals(batch.offsets[i] % 4, 0);
          const bytes = batch.widths[i] * batch.heights[i] * 3;
          const pixels = batch.pixels.subarray(batch.offsets[i], batch.offsets[i] + bytes);
          assert(
            pixels.every((v) => v === Number(reader.entry(n).path.match(/\d+/)![0])),
            `image ${n} is another's`,
          );
          seen.push(n);
        }
      }
      assertEquals(new Set(seen).size, 9);
      return seen;
    });
    assert(epochs[0].join() !== epochs[1].join(), "both epochs have one order");
    const again = new Loader({ reader, split: "train", batch: 3, seed: 5 });
    assertEquals([...again.batch(4).samples], epochs[1].slice(3, 6)); // whatever step comes first
    for (
      const [wrong, pointer] of [[{ batch: 11 }, "#/config/batch"], [
        { split: "val" },
        "#/config/split",
      ]] as const
    ) {
      const error = assertThrows(
        () => new Loader({ reader, split: "train", batch: 3, seed: 5, ...wrong }),
        DomainError,
      ) as unknown as DomainError;
      assertEquals(error.options.errors![0].pointer, pointer);
    }
    reader.close();
  });
});
