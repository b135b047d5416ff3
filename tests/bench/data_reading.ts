import { join } from "@std/path";
import { DatasetReader } from "../../src/data/dataset_reader.ts";
import { Loader } from "../../src/data/loader.ts";
import { ShardWriter } from "../../src/data/shard.ts";
import { RandomStream } from "../../src/domain/philox.ts";
import type { DataOptions } from "./data_bench.ts";
import { digits, median, printTable } from "./figures.ts";

const READS = 5000, CLASSES = 10;

/** Reading datasets of more and more images: all but the writing should cost the same. */
export function reading(
  directory: string,
  { images: most, px }: DataOptions,
): Promise<Record<string, unknown>> {
  const sizes: Record<string, number>[] = [];
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
    const loaded = imagesPerSecond(loader, batch);
    reader.close();
    sizes.push({
      ...{ images, index_bytes: indexBytes(dataset) / images, open_ms: opened, read_us: 1000 * read },
      ...{ page_ms: page, loader_ms: first, loader_images_per_s: loaded },
      write_us: 1000 * written / images,
    });
    Deno.removeSync(dataset, { recursive: true });
  }
  const titles = ["images>", "index B/image>", "open ms>", "read µs>", "page of 100 ms>", "first batch ms>"];
  printTable(
    [...titles, "loader images/s>", "write µs/image>"],
    sizes.map((row) => [String(row.images), ...Object.values(row).slice(1).map(digits)]),
  );
  return Promise.resolve({ px, sizes });
}

/** How many images a loader reads in a second, over a hundred batches at most. */
export function imagesPerSecond(loader: Loader, batch: number): number {
  const steps = Math.min(loader.stepsPerEpoch, 100);
  const loaded = milliseconds(() => {
    for (let step = 0; step < steps; step++) loader.batch(step);
  });
  return 1000 * steps * batch / loaded;
}

/** Writes a dataset of images of which no two are equal. */
export function generate(dataset: string, images: number, px: number): void {
  const writer = new ShardWriter(dataset), pixels = new Uint8Array(px * px * 3);
  for (let n = 0; n < images; n++) {
    new DataView(pixels.buffer).setUint32(0, n);
    const name = `train/class_${n % CLASSES}/${String(n).padStart(7, "0")}.png`;
    writer.add(name, { width: px, height: px, pixels }, 0, n % CLASSES);
  }
  const classes = Array.from({ length: CLASSES }, (_, i) => `class_${i}`);
  writer.finish({ splits: ["train"], classes, summary: {} as never }, [...classes.keys()], []);
}

/** What of a dataset is not pixels. */
export function indexBytes(dataset: string): number {
  let bytes = 0;
  for (const { name } of Deno.readDirSync(join(dataset, "images"))) {
    if (!name.startsWith("shard-")) bytes += Deno.statSync(join(dataset, "images", name)).size;
  }
  return bytes;
}

function milliseconds(run: () => void): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}
