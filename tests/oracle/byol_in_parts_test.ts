import { assert, assertEquals } from "@std/assert";
import { openByolState } from "../../src/byol/state.ts";
import { ByolStep, stepMemory } from "../../src/byol/step.ts";
import type { ResolvedPretrainConfig } from "../../src/domain/pretrain.ts";
import { PipelineCache } from "../../src/gpu/pipeline.ts";
import { readFloats } from "../../src/gpu/readback.ts";
import { sketchDevice } from "../../src/gpu/sketch_device.ts";
import { uploadTensor } from "../../src/gpu/upload.ts";
import { Encoder } from "../../src/inference/encoder.ts";
import { drawView } from "../../src/training/augment.ts";
import { blurRadius } from "../../src/training/blur.ts";
import { packBlur, packView, recordViews, VIEW_WORDS } from "../../src/training/views.ts";
import { sketchViews } from "../../src/training/view_source.ts";
import { AUGMENTATION_PRESETS } from "../../src/domain/augmentation.ts";
import { aPretrainConfig } from "../contract/pretrain_config.ts";
import { goldenTensors } from "./golden.ts";
import { gpu, noise, normError, pipelines, pipelinesWith, upload, uploadWords } from "./oracle.ts";
import { runWhole } from "./parts.ts";

// A whole step whose activations lie in parts, against the same step where a binding takes them. Views, forward and what
// goes back from layer to layer are the same bits: parts are of whole chunks of BatchNorm's, two at least or all of a view's
// (a loop over one chunk alone has constant bounds, and Mesa may then sum in another order). A weight's gradient is a sum
// over parts, rounded in another order.

const inParts = (bindingBytes: number) => pipelinesWith({ ...gpu.capabilities, bindingBytes });
const configOf = (sent: Record<string, unknown>): ResolvedPretrainConfig =>
  aPretrainConfig({ arch: "cifar_resnet8", steps: 1, optimizer: { name: "sgd" }, ...sent }, 4096);

async function stepOn(on: PipelineCache, config: ResolvedPretrainConfig) {
  const { batch, px, precision } = config, shape = [2 * batch, px, px, 3];
  const state = openByolState(on, config);
  state.initialize(1);
  const dtype = precision === "mixed" ? "f16" : "f32", { data } = noise(shape, 1);
  const bytes = dtype === "f16" ? new Uint8Array(new Float16Array(data).buffer) : new Float32Array(data);
  const x = uploadTensor(gpu.device, "views", shape, dtype);
  gpu.device.queue.writeBuffer(x.storage.buffer, 0, bytes);
  const step = await ByolStep.compile(on, state, () => x);
  step.run(0, { lr: 0, tau: 1 });
  const [figures] = await step.metrics(0, 1);
  const gradients = await readFloats(gpu.device, state.online.gradients!.all);
  const statistics = await readFloats(gpu.device, state.online.statistics.all);
  const { dispatches } = step.plans.micro;
  step.destroy();
  state.destroy();
  x.storage.buffer.destroy();
  return { figures, gradients, statistics, slots: state.online.statistics.layout.slots, dispatches };
}

for (
  const { name, arch, px, batch, most, precision } of [
    { name: "a cifar_resnet8's step", arch: "cifar_resnet8", px: 16, batch: 8, most: 4, precision: "f32" },
    {
      name: "a cifar_resnet8's step in f16",
      arch: "cifar_resnet8",
      px: 16,
      batch: 8,
      most: 4,
      precision: "mixed",
    },
    { name: "a resnet18's step", arch: "resnet18", px: 64, batch: 4, most: 4, precision: "f32" },
  ]
) {
  const ignore = precision === "mixed" && !gpu.capabilities.shaderF16;
  Deno.test({
    name: `${name} in parts has the figures of the whole, and its gradients but for the order of their sums`,
    ignore,
    async fn() {
      const config = configOf({ arch, px, batch, precision, augmentation: "none" });
      const stem = arch === "resnet18" ? (px / 2) ** 2 * 64 : px * px * 16; // elements of an image's first layer
      const whole = await stepOn(pipelines, config);
      const parts = await stepOn(inParts(most * stem * (precision === "mixed" ? 2 : 4)), config);
      const first = ({ dispatches }: typeof whole) =>
        dispatches.filter(({ kernel, label }) =>
          kernel === "batch_norm_apply" && label.startsWith("online.encoder.bn1.")
        ).length;
      assertEquals([first(whole), first(parts)], [1, 2 * batch / most]);
      for (const { name, shape, offset } of whole.slots) {
        const of = ({ statistics }: typeof whole) => statistics.slice(offset, offset + shape[0]);
        assertEquals(of(parts), of(whole), name);
      }
      const { gradientNorm, ...figures } = whole.figures as unknown as Record<string, number>;
      for (const [figure, value] of Object.entries(figures)) {
        assertEquals((parts.figures as unknown as Record<string, number>)[figure], value, figure);
      }
      assert(gradientNorm > 0);
      const error = normError(parts.gradients, whole.gradients);
      assert(error <= 2e-5, `gradients differ by ${error} of their norm`); // NORM_TOLERANCE: what an op in f32 may
    },
  });
}

Deno.test("views in parts have the bits of the whole, each by its own row of the tables", async () => {
  const images = 6, px = 40, rows = 2 * images, radius = blurRadius(px), side = 24;
  const crops = new Uint32Array(rows * VIEW_WORDS), colors = new Float32Array(rows * VIEW_WORDS);
  const taps = new Float32Array(rows * (radius + 1)), size = { width: side, height: side };
  for (let row = 0; row < rows; row++) {
    const sample = row % images, view = row < images ? 1 : 2;
    const draw = drawView(AUGMENTATION_PRESETS.byol[view - 1], view, { seed: 1, epoch: 0, sample }, size);
    packView(draw, { offset: sample * side * side * 3, ...size }, row, crops, colors);
    packBlur(draw, row, radius, taps);
  }
  const { data } = noise([images * side * side * 3], 1, { mean: 128, std: 50 });
  const inputs = {
    pixels: uploadWords([data.length / 4], new Uint32Array(Uint8ClampedArray.from(data).buffer)),
    crops: uploadWords([rows, VIEW_WORDS], crops),
    colors: upload({ shape: [rows, VIEW_WORDS], data: Float64Array.from(colors) }),
    blurTaps: upload({ shape: [rows, radius + 1], data: Float64Array.from(taps) }),
  };
  const sizes: (number[] | undefined)[] = [];
  const record = (on: PipelineCache) =>
    runWhole((recorder) => {
      const views = recordViews(recorder, inputs, px, { mean: [0, 0, 0], std: [1, 1, 1] }, "f32", 2);
      sizes.push(views.parts?.map(({ shape }) => shape[0]));
      return [views];
    }, on);
  assertEquals(await record(inParts(2 * px * px * 3 * 4)), await record(pipelines));
  assertEquals(sizes, [[1, 2, 1, 2, 1, 2, 1, 2].slice(0, 8), undefined]);
});

Deno.test("an encoder's activations in parts give the bits of the whole", async () => {
  const model = goldenTensors("embed_model"),
    px = 32,
    images = new Float32Array(noise([8, px, px, 3], 1).data);
  const embed = async (on: PipelineCache) => {
    const encoder = new Encoder(on, "cifar_resnet8", px, model), rows = await encoder.embed(images);
    encoder.destroy();
    return rows;
  };
  assertEquals(await embed(inParts(3 * px * px * 16 * 4)), await embed(pipelines));
});

/** The plan of a step by sizes alone. */
function planned(sent: Record<string, unknown>, limit: number, bindingBytes?: number) {
  const config = configOf(sent), { batch, px } = config;
  const device = sketchDevice({ maxStorageBufferBindingSize: limit, maxBufferSize: limit });
  const on = new PipelineCache(device, { shaderF16: true, ...bindingBytes && { bindingBytes } });
  const state = openByolState(on, config);
  return stepMemory(on, state, sketchViews(config, batch, 3 * px * px * batch).record);
}

Deno.test("a ResNet-50's batch of 1,024 at 224 px is planned on bindings of 2 GiB, each tensor within one", () => {
  const sent = { arch: "resnet50", px: 224, batch: 1024, precision: "mixed" }, limit = 2 ** 31 - 1;
  const { largest } = planned(sent, limit);
  assert(largest!.bytes <= limit && largest!.bytes > limit / 2, JSON.stringify(largest));
  assertEquals(planned({ ...sent, batch: 256 }, limit), planned({ ...sent, batch: 256 }, limit, Infinity));
});
