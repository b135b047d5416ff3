import { join } from "@std/path";
import { DatasetReader } from "../../src/data/dataset_reader.ts";
import { Loader } from "../../src/data/loader.ts";
import { ensureAdapter, runtimeDirectory } from "../../src/setup/vulkan.ts";
import type { DataOptions } from "./data_bench.ts";
import { generate, imagesPerSecond } from "./data_reading.ts";
import { digits, median, printTable } from "./figures.ts";
import { describeCase, openBench, Training } from "./training.ts";

const TARGET = 20;

/** The loader's images a second beside what training takes of them, on whatever adapter there is, in one run. */
export async function loader(
  directory: string,
  { images, px, batch, steps }: DataOptions,
): Promise<Record<string, unknown>> {
  Deno.env.set("XDG_RUNTIME_DIR", runtimeDirectory());
  await ensureAdapter((line) => console.error(line));
  const bench = await openBench(), { description } = bench.adapter;
  const what = { arch: "cifar_resnet20", px, batch, hidden: 512, out: 128, precision: "f32" };
  const training = await Training.open(bench, what), trained: number[] = [];
  for (let k = -1; k < steps; k++) {
    const start = performance.now();
    training.advance(k + 1);
    await training.step.metrics(k + 1, k + 2);
    if (k >= 0) trained.push(1000 * batch / (performance.now() - start)); // the first has its pipelines made
  }
  training.close();

  const dataset = join(directory, "loaded");
  generate(dataset, images, px);
  const reader = DatasetReader.open(dataset);
  const rates = [0, 1, 2].map((seed) =>
    imagesPerSecond(new Loader({ reader, split: "train", batch, seed }), batch)
  );
  reader.close();
  Deno.removeSync(dataset, { recursive: true });
  const [loaded, consumed] = [median(rates), median(trained)], times = loaded / consumed;
  printTable(["loader", "images/s>", ""], [
    ["shuffled batches", digits(loaded), `of ${images} images on disk, ${px} px, batch ${batch}`],
    ["training", digits(consumed), `${describeCase(what)}, on ${description}`],
  ]);
  console.log(
    `${digits(times)} × as many; target: at least ${TARGET} ×: ${times >= TARGET ? "met" : "MISSED"}`,
  );
  return {
    ...what,
    images,
    adapter: description,
    loader_images_per_s: rates,
    training_images_per_s: trained,
    times,
  };
}
