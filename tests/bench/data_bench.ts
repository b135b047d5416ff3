import { fromFileUrl, join } from "@std/path";
import { packTar } from "modern-tar";
import { FileDatasetLibrary } from "../../src/data/dataset_library.ts";
import { DatasetReader } from "../../src/data/dataset_reader.ts";
import { DecoderPool } from "../../src/data/decoder_pool.ts";
import { encodePng } from "../../src/data/encode_png.ts";
import { ingesterWith } from "../../src/data/ingest.ts";
import { Loader } from "../../src/data/loader.ts";
import { ShardWriter } from "../../src/data/shard.ts";
import { DEFAULT_SETTINGS } from "../../src/domain/dataset.ts";
import { newId } from "../../src/domain/ids.ts";
import { RandomStream } from "../../src/domain/philox.ts";
import { digits, mebibytes, median, printTable } from "./figures.ts";
import { type OptionValues, UsageError } from "./options.ts";

export const DATA_OPTIONS = {
  tar: { about: "an archive to ingest", default: "../shared/data/imagenette-224-mini.tar" },
  images: { about: "images of the largest generated dataset", default: 100_000 },
  px: { about: "their width and height in pixels", default: 32 },
  megabytes: { about: "of the generated tar over which memory is watched", default: 2048 },
  workers: { about: "threads that decode", default: 1 },
} as const;

const RESULTS = fromFileUrl(new URL("./results", import.meta.url));
/** Bytes of zeros at a tar's end. */
const END_MARK = 1024;
const READS = 5000, CLASSES = 10;

/** Ingest, the index and the loader: what they cost, and that it does not grow with the dataset. */
export async function data(options: OptionValues<typeof DATA_OPTIONS>): Promise<void> {
  const directory = join(RESULTS, `data-${Deno.pid}`);
  await Deno.mkdir(directory, { recursive: true });
  try {
    const figures = {
      ...await ingest(directory, options),
      reading: await reading(directory, options),
      ...await memory(directory, options),
    };
    console.log(`\n${JSON.stringify({ case: "data", ...options, ...figures })}`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Ingest of a real archive beside Pillow, which decodes the same on one thread and keeps nothing. */
async function ingest(
  directory: string,
  { tar, workers }: OptionValues<typeof DATA_OPTIONS>,
): Promise<Record<string, number | null>> {
  const decoder = new DecoderPool(workers), ingester = ingesterWith(decoder);
  const library = new FileDatasetLibrary({ directory, ingester, maxUploadBytes: 2 ** 40 }), id = newId("ds");
  try {
    await library.receive(id, { body: (await Deno.open(tar)).readable });
    const start = performance.now();
    const { counts } = await library.ingest(id, "bench", { settings: DEFAULT_SETTINGS });
    const ours = counts.images / (performance.now() - start) * 1000;
    const pillow = await pillowRate(tar);
    printTable(["ingest", "images/s>", ""], [
      [
        "latentd",
        digits(ours),
        `${counts.images} images, threads that decode: ${workers}; hashed and stored`,
      ],
      [
        "Pillow",
        digits(pillow ?? NaN),
        pillow ? "decoding alone, one thread" : "no python3 with Pillow is here",
      ],
    ]);
    await library.remove(id);
    return { ingest_images_per_s: ours, pillow_images_per_s: pillow ?? null };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw new UsageError(`Cannot use --tar: there is no ${tar}`);
    throw error;
  } finally {
    decoder.close();
  }
}

const PILLOW = `
import io, sys, tarfile, time
from PIL import Image
count, start = 0, time.perf_counter()
for member in (archive := tarfile.open(sys.argv[1])):
    if member.isfile():
        Image.open(io.BytesIO(archive.extractfile(member).read())).convert("RGB").tobytes()
        count += 1
print(count / (time.perf_counter() - start))`;

async function pillowRate(tar: string): Promise<number | undefined> {
  for (const python of ["python3", "/usr/bin/python3"]) {
    try {
      const command = new Deno.Command(python, { args: ["-c", PILLOW, tar], stderr: "null" });
      const { success, stdout } = await command.output();
      if (success) return Number(new TextDecoder().decode(stdout));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

/** Reading datasets of more and more images: all but the writing should cost the same. */
function reading(
  directory: string,
  { images: most, px }: OptionValues<typeof DATA_OPTIONS>,
): Record<string, number>[] {
  const figures: Record<string, number>[] = [];
  for (const images of [1000, 10_000, 100_000].filter((count) => count < most).concat(most)) {
    const dataset = join(directory, `generated-${images}`), random = new RandomStream(images, 95);
    const written = milliseconds(() => generate(dataset, images, px));
    let reader!: DatasetReader, loader!: Loader;
    const opened = milliseconds(() => reader = DatasetReader.open(dataset));
    const target = new Uint8Array(px * px * 3),
      wanted = Array.from({ length: READS }, () => random.below(images));
    for (const n of wanted) reader.readInto(n, target); // opens the shards; their bytes are in the page cache
    const read = milliseconds(() => wanted.forEach((n) => reader.readInto(n, target))) / READS;
    const page = median([0.9, 0.1, 0.5, 0.7, 0.3].map((place) =>
      milliseconds(() => {
        const after = Math.floor(place * images);
        const numbers = reader.browse({ split: "train", class: "class_3" }, { after, limit: 100 });
        for (const n of numbers) reader.entry(n);
      })
    ));
    const batch = Math.min(256, images),
      first = milliseconds(() => {
        loader = new Loader({ reader, split: "train", batch, seed: 0 });
        loader.batch(0);
      });
    const steps = Math.min(loader.stepsPerEpoch, 100);
    const loaded = milliseconds(() => {
      for (let step = 0; step < steps; step++) loader.batch(step);
    });
    reader.close();
    figures.push({
      ...{ images, index_bytes: indexBytes(dataset) / images, open_ms: opened, read_us: 1000 * read },
      ...{ page_ms: page, loader_ms: first, loader_images_per_s: 1000 * steps * batch / loaded },
      write_us: 1000 * written / images,
    });
    Deno.removeSync(dataset, { recursive: true });
  }
  console.log("");
  const titles = ["images>", "index B/image>", "open ms>", "read µs>", "page of 100 ms>", "first batch ms>"];
  printTable(
    [...titles, "loader images/s>", "write µs/image>"],
    figures.map((row) => [String(row.images), ...Object.values(row).slice(1).map(digits)]),
  );
  return figures;
}

function generate(dataset: string, images: number, px: number): void {
  const writer = new ShardWriter(dataset), pixels = new Uint8Array(px * px * 3);
  for (let n = 0; n < images; n++) {
    new DataView(pixels.buffer).setUint32(0, n);
    const name = `train/class_${n % CLASSES}/${String(n).padStart(7, "0")}.png`;
    writer.add(name, { width: px, height: px, pixels }, 0, n % CLASSES);
  }
  const classes = Array.from({ length: CLASSES }, (_, i) => `class_${i}`);
  writer.finish({ splits: ["train"], classes, summary: {} as never }, [...classes.keys()], []);
}

function indexBytes(dataset: string): number {
  let bytes = 0;
  for (const { name } of Deno.readDirSync(join(dataset, "images"))) {
    if (!name.startsWith("shard-")) bytes += Deno.statSync(join(dataset, "images", name)).size;
  }
  return bytes;
}

/** Resident memory while a generated tar is taken in and ingested. */
async function memory(
  directory: string,
  { megabytes, workers }: OptionValues<typeof DATA_OPTIONS>,
): Promise<Record<string, number>> {
  const decoder = new DecoderPool(workers), ingester = ingesterWith(decoder);
  const library = new FileDatasetLibrary({ directory, ingester, maxUploadBytes: 2 ** 40 }), id = newId("ds");
  const before = Deno.memoryUsage().rss;
  let most = before;
  const look = () => most = Math.max(most, Deno.memoryUsage().rss);
  const watch = setInterval(look, 50);
  try {
    await library.receive(id, { body: ReadableStream.from(noiseTar(megabytes * 1e6)) });
    await library.ingest(id, "memory", { settings: DEFAULT_SETTINGS, onProgress: look });
    console.log(
      `\nmemory   at most ${mebibytes(most - before)} above ${
        mebibytes(before)
      } over a tar of ${megabytes} MB, ` +
        "the threads that decode included",
    );
    return { rss_before: before, rss_above: most - before };
  } finally {
    clearInterval(watch);
    decoder.close();
    await library.remove(id);
  }
}

/** A tar of one noisy image under many names, a file at a time. */
async function* noiseTar(bytes: number): AsyncGenerator<Uint8Array> {
  const px = 256, random = new RandomStream(1, 96);
  const pixels = Uint8Array.from({ length: px * px * 3 }, () => random.below(256));
  const body = await encodePng({ width: px, height: px, pixels }), files = Math.ceil(bytes / body.length);
  for (let n = 0; n < files; n++) {
    const name = `train/${n % CLASSES}/${n}.png`;
    yield (await packTar([{ header: { name, size: body.length }, body }])).subarray(0, -END_MARK);
  }
  yield new Uint8Array(END_MARK);
}

function milliseconds(run: () => void): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}
