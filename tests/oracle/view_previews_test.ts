import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { join } from "@std/path";
import type { Augmentation } from "../../src/domain/augmentation.ts";
import { AUGMENTATION_PRESETS } from "../../src/domain/augmentation.ts";
import { openViewSource } from "../../src/training/view_source.ts";
import { DatasetReader } from "../../src/data/dataset_reader.ts";
import { Loader } from "../../src/data/loader.ts";
import { ShardWriter } from "../../src/data/shard.ts";
import type { RgbImage } from "../../src/domain/image.ts";
import { RandomStream } from "../../src/domain/philox.ts";
import { ARCHS } from "../../src/domain/pretrain.ts";
import { ViewPreviews } from "../../src/workers/view_previews.ts";
import { aPretrainConfig } from "../contract/pretrain_config.ts";
import { gpu, pipelines, run } from "./oracle.ts";

const PX = 40, IMAGES = 6, GAP = 4;

/** A dataset of images of noise of different sizes. */
async function withDataset(use: (datasets: string, dataset: string) => Promise<void>): Promise<void> {
  const datasets = await Deno.makeTempDir({ prefix: "latentd-previews-" }), dataset = "ds";
  const writer = new ShardWriter(join(datasets, dataset));
  for (let n = 0; n < IMAGES; n++) {
    const random = new RandomStream(n, 97), width = 50 + 7 * n, height = 61 - 3 * n;
    const pixels = Uint8Array.from({ length: 3 * width * height }, () => random.below(256));
    writer.add(`${n}.png`, { width, height, pixels }, 0, -1);
  }
  writer.finish({ splits: ["train"], classes: [], summary: {} as never }, [], []);
  try {
    await use(datasets, dataset);
  } finally {
    await Deno.remove(datasets, { recursive: true });
  }
}
/** The left or right view of a picture. */
function half({ width, height, pixels }: RgbImage, view: 0 | 1): Uint8Array {
  assertEquals([width, height], [2 * PX + GAP, PX]);
  const rows = Array.from({ length: PX }, (_, y) => {
    const from = 3 * (y * width + view * (PX + GAP));
    return pixels.subarray(from, from + 3 * PX);
  });
  return Uint8Array.from(rows.flatMap((row) => [...row]));
}

Deno.test("previews are the views that a run of the same seed makes in its first epoch", async () => {
  await withDataset(async (datasets, dataset) => {
    const previews = new ViewPreviews(pipelines, datasets),
      reader = DatasetReader.open(join(datasets, dataset));
    for (const [augmentation, seed] of [["byol", 0], ["cifar", 5], ["none", 1], ["byol", 9]] as const) {
      const config = aPretrainConfig(
        { arch: ARCHS[0], px: PX, batch: IMAGES, steps: 1, augmentation, seed },
        IMAGES,
      );
      const loader = new Loader({ reader, split: "train", batch: IMAGES, seed }), batch = loader.batch(0);
      const source = openViewSource(gpu.device, config, reader, loader.maxImageBytes * IMAGES);
      const [x] = await run((recorder) => {
        const views = source.record(recorder);
        source.write(batch);
        return [views];
      }, pipelines);
      source.destroy();
      const { channel_mean: mean, channel_std: std } = config, length = 3 * PX * PX;
      for (const [i, item] of batch.samples.entries()) {
        const preview = await previews.make({ dataset, item, augmentation, px: PX, seed, pairs: 1 });
        for (const view of [0, 1] as const) {
          const row = (view * IMAGES + i) * length;
          const expected = Array.from(
            { length },
            (_, k) => 255 * (x[row + k] * std[k % 3] + mean[k % 3]),
          );
          // Normalising there and back costs a few units in the last place, which a rounding to 8 bits may show as one.
          const apart = half(preview, view).map((value, k) => Math.abs(value - expected[k]));
          assert(
            Math.max(...apart) <= 0.5 + 1e-3,
            `${augmentation}, image ${item}, view ${view}: ${Math.max(...apart)}`,
          );
        }
      }
    }
    reader.close();
  });
});

Deno.test("previews repeat by their seed and differ by it; without augmentation both are alike", async () => {
  await withDataset(async (datasets, dataset) => {
    const previews = new ViewPreviews(pipelines, datasets);
    const make = (seed: number, item = 1, px = PX) =>
      previews.make({ dataset, item, augmentation: "byol-symmetric", px, seed, pairs: 1 });
    const first = await make(3);
    for (let px = 8; px < 30; px++) await make(3, 0, px); // more than are kept ready
    assertEquals(await make(3), first);
    assertNotEquals(await make(4), first);
    assertNotEquals(await make(3, 2), first);
    assertNotEquals(half(first, 0), half(first, 1));
    const plain = await previews.make({ dataset, item: 0, augmentation: "none", px: PX, seed: 0, pairs: 1 });
    assertEquals(half(plain, 0), half(plain, 1));
  });
});

Deno.test("several pairs are those of a run's first epochs, and a name's views those of its distributions", async () => {
  await withDataset(async (datasets, dataset) => {
    const previews = new ViewPreviews(pipelines, datasets), [view1, view2] = AUGMENTATION_PRESETS.cifar;
    const make = (augmentation: Augmentation, pairs: number) =>
      previews.make({ dataset, item: 2, augmentation, px: PX, seed: 7, pairs });
    const one = await make("cifar", 1), three = await make("cifar", 3), row = 3 * one.width * PX;
    assertEquals([three.width, three.height], [one.width, 3 * PX + 2 * GAP]);
    const pairs = [0, 1, 2].map((i) => three.pixels.slice(i * (row + 3 * GAP * one.width)).slice(0, row));
    assertEquals(pairs[0], one.pixels);
    assertNotEquals(pairs[1], pairs[0]);
    assertNotEquals(pairs[2], pairs[1]);
    assertEquals(new Set(three.pixels.slice(row, row + 3 * GAP * one.width)), new Set([255]));
    assertEquals(await make({ view1, view2 }, 3), three);
  });
});
