import { fromFileUrl, join } from "@std/path";
import { DatasetReader } from "../../src/data/dataset_reader.ts";
import { newId } from "../../src/domain/ids.ts";
import { Encoder } from "../../src/inference/encoder.ts";
import { Preprocessor } from "../../src/inference/preprocess.ts";
import { csvTable, idLines, parquetTable, writeTable } from "../../src/results/embedding_tables.ts";
import { completeResults } from "../../src/results/result_files.ts";
import { RowFile } from "../../src/results/row_file.ts";
import { embedRounds, type ImageSource } from "../../src/workers/embed_rounds.ts";
import { generate } from "./data_reading.ts";
import { digits, median, printTable } from "./figures.ts";
import type { OptionValues } from "./options.ts";
import { randomModel } from "./random_model.ts";
import { openBench } from "./training.ts";

const TARGET = 1.15;
const TABLES = { npy: idLines, parquet: parquetTable, csv: csvTable };

export const EMBED_OPTIONS = {
  arch: { about: "the encoder", default: "cifar_resnet20" },
  px: { about: "its input's width and height in pixels", default: 32 },
  images: { about: "images that are embedded", default: 6000 },
  size: { about: "their width and height in pixels, on disk", default: 32 },
  format: { about: "what is written", default: "npy", choices: Object.keys(TABLES) },
  rounds: { about: "times that each is measured, in turns", default: 3 },
} as const;

/** An `embed` job's work beside its parts: reading alone, and the GPU alone, which is given the same images again. */
export async function embed(
  { arch, px, images, size, format, rounds }: OptionValues<typeof EMBED_OPTIONS>,
): Promise<void> {
  const directory = join(fromFileUrl(new URL("./results", import.meta.url)), `embed-${Deno.pid}`);
  const { pipelines, adapter } = await openBench();
  const encoder = new Encoder(pipelines, arch, px, randomModel(arch));
  const preprocessor = new Preprocessor(pipelines, {
    ...{ px, channel_mean: [0.5, 0.5, 0.5], channel_std: [0.25, 0.25, 0.25] },
  });
  const dataset = join(directory, "dataset"), { signal } = new AbortController();
  try {
    await Deno.mkdir(dataset, { recursive: true });
    generate(dataset, images, size);
    const reader = DatasetReader.open(dataset), items = reader.items(), known = reader.image(0);
    const again: ImageSource = { bytesOf: (n) => reader.bytesOf(n), image: () => known };
    const run = async (source: ImageSource, took: (rows: Float32Array) => Promise<void> | void) => {
      for await (const { rows } of embedRounds(encoder, preprocessor, source, items, signal)) {
        await took(rows);
      }
    };
    const job = async () => {
      const id = newId("job"), rows = await RowFile.open(directory, id, "a.npy", [images, encoder.dim], {});
      await run(reader, async (more) => {
        await rows.append(more);
        await rows.keep();
      });
      const described = { numbers: items, entry: (n: number) => reader.entry(n) };
      await writeTable("table", TABLES[format as keyof typeof TABLES](), { rows, items: described }, signal);
      rows.close();
      await completeResults(directory, id, format === "npy" ? ["a.npy", "table"] : ["table"]);
      await Deno.remove(join(directory, id), { recursive: true });
    };
    const parts = {
      "reading": () => items.forEach((n) => reader.image(n)),
      "GPU": () => run(again, () => {}),
      "job": job,
    };
    await parts.GPU(); // compiles
    const times = Object.fromEntries(Object.keys(parts).map((name) => [name, [] as number[]]));
    for (let round = 0; round < rounds; round++) {
      for (const [name, part] of Object.entries(parts)) {
        const start = performance.now();
        await part();
        times[name].push(performance.now() - start);
      }
    }
    reader.close();
    const [reading, gpu, wall] = Object.values(times).map(median), ratio = wall / Math.max(reading, gpu);
    printTable(["part", "ms>", "images/s>", ""], [
      [
        "reading",
        digits(reading),
        digits(1000 * images / reading),
        `${images} images of ${size} px, from disk`,
      ],
      [
        "GPU",
        digits(gpu),
        digits(1000 * images / gpu),
        `${arch}, ${px} px, preprocessing and readback included`,
      ],
      ["job", digits(wall), digits(1000 * images / wall), `all of it, ${format} on disk and synced`],
    ]);
    console.log(
      `wall is ${digits(ratio)} × the slower of the two; target: at most ${TARGET}: ${
        ratio <= TARGET ? "met" : "MISSED"
      }\n`,
    );
    console.log(JSON.stringify({
      ...{ case: "embed", arch, px, images, size, format, adapter: adapter.description },
      ...{ reading_ms: times.reading, gpu_ms: times.GPU, wall_ms: times.job, ratio, target: TARGET },
    }));
  } finally {
    encoder.destroy();
    preprocessor.destroy();
    await Deno.remove(directory, { recursive: true });
  }
}
