import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { openViewSource } from "../../src/training/view_source.ts";
import { AUGMENTATION_PRESETS } from "../../src/domain/augmentation.ts";
import type { DatasetReader } from "../../src/data/dataset_reader.ts";
import type { PackedBatch } from "../../src/data/loader.ts";
import { RandomStream } from "../../src/domain/philox.ts";
import { ARCHS } from "../../src/domain/pretrain.ts";
import { aPretrainConfig } from "../contract/pretrain_config.ts";
import { gpu, pipelines, run } from "./oracle.ts";

const PX = 40, MAX_IMAGE_BYTES = 48 * 60 * 3;
const configFor = (batch: number, more: Record<string, unknown>) =>
  aPretrainConfig(
    { arch: ARCHS[0], px: PX, batch, steps: 1, augmentation: "byol-symmetric", ...more },
    batch,
  );

/** Packs samples as the loader does; each has a size and noise of its own. */
function packed(samples: readonly number[], epoch: number): PackedBatch {
  const images = samples.map((sample) => {
    const random = new RandomStream(sample, 96),
      width = 20 + random.below(41),
      height = 20 + random.below(29);
    return {
      width,
      height,
      pixels: Uint8Array.from({ length: width * height * 3 }, () => random.below(256)),
    };
  });
  const offsets = new Uint32Array(samples.length), pixels = new Uint8Array(samples.length * MAX_IMAGE_BYTES);
  let end = 0;
  for (const [i, image] of images.entries()) {
    offsets[i] = end;
    pixels.set(image.pixels, end);
    end += Math.ceil(image.pixels.length / 4) * 4;
  }
  const widths = Uint32Array.from(images, ({ width }) => width);
  const heights = Uint32Array.from(images, ({ height }) => height);
  return {
    epoch,
    samples: Uint32Array.from(samples),
    pixels: pixels.subarray(0, end),
    offsets,
    widths,
    heights,
    labels: new Int32Array(samples.length).fill(-1),
  };
}

/** Both views of each sample by its number, made in batches as they stand, each in micro-batches of `micro`. */
async function viewsOf(
  batches: readonly (readonly number[])[],
  { seed = 7, epoch = 3, augmentation, micro }: {
    seed?: number;
    epoch?: number;
    augmentation?: unknown;
    micro?: number;
  } = {},
): Promise<Map<number, Float64Array[]>> {
  const found = new Map<number, Float64Array[]>(), length = PX * PX * 3;
  for (const samples of batches) {
    const config = configFor(samples.length, {
      ...{ seed, micro_batch: micro ?? null },
      ...(augmentation === undefined ? {} : { augmentation }),
    });
    const N = micro ?? samples.length;
    // Where views are drawn, nothing is read but what the batch holds.
    const views = openViewSource(gpu.device, config, {} as DatasetReader, N * MAX_IMAGE_BYTES);
    for (let m = 0; m < samples.length / N; m++) {
      const [x] = await run((recorder) => {
        const views2N = views.record(recorder);
        views.write(packed(samples, epoch), m);
        return [views2N];
      }, pipelines);
      for (const [i, sample] of samples.slice(m * N, (m + 1) * N).entries()) {
        found.set(sample, [i, N + i].map((row) => x.slice(row * length, (row + 1) * length)));
      }
    }
    views.destroy();
  }
  return found;
}

/** Channel values in [0, 1] again. */
const denormalized = (view: Float64Array) =>
  view.map((v, i) => v * [0.229, 0.224, 0.225][i % 3] + [0.485, 0.456, 0.406][i % 3]);

const SAMPLES = [0, 5, 1, 77, 4, 1000, 31, 2, 9, 123456, 8, 3];
const ONE_BATCH = await viewsOf([SAMPLES]);

Deno.test("a sample's views are the same bit for bit, however the samples are split into batches", async () => {
  const thirds = [0, 4, 8].map((first) => SAMPLES.slice(first, first + 4));
  assertEquals(await viewsOf(thirds), new Map(ONE_BATCH));
});

Deno.test("a sample's views are the same bit for bit, into however many micro-batches a batch is split", async () => {
  for (const micro of [2, 4, 6]) {
    assertEquals(await viewsOf([SAMPLES], { micro }), new Map(ONE_BATCH), `${micro}`);
  }
});

Deno.test("one view alone is view 1 of two, bit for bit", async () => {
  const config = configFor(SAMPLES.length, { seed: 7 }), bytes = SAMPLES.length * MAX_IMAGE_BYTES;
  const source = openViewSource(gpu.device, config, {} as DatasetReader, bytes, 1), length = PX * PX * 3;
  const [x] = await run((recorder) => {
    const views = source.record(recorder);
    source.write(packed(SAMPLES, 3));
    return [views];
  });
  source.destroy();
  assertEquals(x.length, SAMPLES.length * length);
  for (const [i, sample] of SAMPLES.entries()) {
    assertEquals(x.slice(i * length, (i + 1) * length), ONE_BATCH.get(sample)![0], `sample ${sample}`);
  }
});

Deno.test("an augmentation in full makes the views that it describes", async () => {
  const [view1, view2] = AUGMENTATION_PRESETS["byol-symmetric"];
  assertEquals(await viewsOf([SAMPLES], { augmentation: { view1, view2 } }), new Map(ONE_BATCH));
  const colored = { ...view1, grayscale: 0 };
  const gray = { ...view1, grayscale: 1, jitter: { ...view1.jitter, probability: 0 } };
  for (
    const views of (await viewsOf([SAMPLES], { augmentation: { view1: gray, view2: colored } })).values()
  ) {
    const [first, second] = views.map((view) => denormalized(view));
    assert(first.every((v, i) => Math.abs(v - first[i - i % 3]) < 1e-5), "view 1 has colours");
    assert(second.some((v, i) => Math.abs(v - second[i - i % 3]) > 0.01), "view 2 has none");
  }
});

Deno.test("a sample's views are the same bit for bit in whatever order the batch has", async () => {
  const other = await viewsOf([SAMPLES.toReversed(), SAMPLES.toSorted().slice(0, 5)]);
  for (const sample of SAMPLES) assertEquals(other.get(sample), ONE_BATCH.get(sample), `sample ${sample}`);
});

Deno.test("another seed, another epoch and the other view are other views", async () => {
  const [seed, epoch] = [await viewsOf([SAMPLES], { seed: 8 }), await viewsOf([SAMPLES], { epoch: 4 })];
  for (const [sample, views] of ONE_BATCH) {
    assert(views.every((view) => view.every(Number.isFinite)));
    assertNotEquals(views[0], views[1]);
    for (const view of [0, 1]) {
      assertNotEquals(seed.get(sample)![view], views[view]);
      assertNotEquals(epoch.get(sample)![view], views[view]);
    }
  }
});
