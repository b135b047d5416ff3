import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { StepMetrics } from "../../src/byol/metrics.ts";
import { ByolState } from "../../src/byol/state.ts";
import { ByolStep } from "../../src/byol/step.ts";
import { train } from "../../src/byol/train.ts";
import type { DatasetReader } from "../../src/data/dataset_reader.ts";
import { preprocess } from "../../src/data/preprocess.ts";
import { DomainError } from "../../src/domain/errors.ts";
import type { ResolvedPretrainConfig } from "../../src/domain/pretrain.ts";
import type { RgbImage } from "../../src/domain/image.ts";
import { OutOfMemoryError } from "../../src/gpu/gpu_error.ts";
import { FlatBuffer, ParameterLayout } from "../../src/gpu/parameters.ts";
import { PipelineCache } from "../../src/gpu/pipeline.ts";
import { readFloats } from "../../src/gpu/readback.ts";
import { Recorder } from "../../src/gpu/recorder.ts";
import { uploadTensor } from "../../src/gpu/upload.ts";
import { Encoder } from "../../src/inference/encoder.ts";
import { Preprocessor } from "../../src/inference/preprocess.ts";
import { recordConv2d, recordConv2dBackward } from "../../src/nn/conv2d.ts";
import { goldenTensors } from "./golden.ts";
import { gpu, noise, pipelines, provider } from "./oracle.ts";
import { aPretrainConfig } from "../contract/pretrain_config.ts";

// What exceeds a device's bindings or buffers is refused by its name before a buffer is made, or cut so that it fits. The
// devices here say that they bind 1 MiB, or 10, and make buffers four times as large: WebGPU itself never promises less
// than 128 and 256, with which the same would take minutes.
const MIB = 2 ** 20;

/** The device under test, its limits told lower than they are; every buffer and binding that it makes is held to them. */
function confined(device: GPUDevice, maxStorageBufferBindingSize: number): GPUDevice {
  const told = { maxStorageBufferBindingSize, maxBufferSize: 4 * maxStorageBufferBindingSize };
  const limits = new Proxy(device.limits, {
    get: (target, name) => told[name as keyof typeof told] ?? target[name as keyof GPUSupportedLimits],
  });
  const methods: Partial<GPUDevice> = {
    createBuffer(descriptor) {
      const { label, size } = descriptor;
      // Readbacks are no bindings, and of a size of their own that every device makes.
      assert(size <= told.maxBufferSize || label === "readback", `${label} is of ${size} bytes`);
      return device.createBuffer(descriptor);
    },
    createBindGroup(descriptor) {
      for (const { resource } of descriptor.entries) {
        const { size = Infinity } = resource as GPUBufferBinding;
        assert(size <= maxStorageBufferBindingSize, `${descriptor.label} binds ${size} bytes`);
      }
      return device.createBindGroup(descriptor);
    },
  };
  return new Proxy(device, {
    get(_, name) {
      if (name === "limits") return limits;
      const value = methods[name as keyof GPUDevice] ?? device[name as keyof GPUDevice];
      return typeof value === "function" && !(name in methods) ? value.bind(device) : value;
    },
  });
}
const small = confined(gpu.device, MIB), smallPipelines = new PipelineCache(small, gpu.capabilities);
/** What a step of the smallest net needs: sums of a weight's gradient in 64 parts are its largest tensor. */
const middle = new PipelineCache(confined(gpu.device, 10 * MIB), gpu.capabilities);

/** A test on the confined device; the real one has nothing to say about it. */
function confinedTest(name: string, fn: () => Promise<void> | void, ignore = false): void {
  Deno.test({
    name: name +
      (ignore ? " (skipped: it is no other with Dawn, which compiles a net for many seconds)" : ""),
    ignore,
    async fn() {
      gpu.device.pushErrorScope("validation");
      try {
        await fn();
      } finally {
        const error = await gpu.device.popErrorScope();
        assertEquals(error?.message, undefined);
      }
    },
  });
}
const dawn = provider === "dawn";
const expectRefused = (fn: () => unknown, what: string): OutOfMemoryError => {
  const error = assertThrows(fn, OutOfMemoryError, `Cannot allocate ${what}`);
  assertEquals([error.code, error.options.type], ["unavailable", "gpu_out_of_memory"]);
  return error;
};

confinedTest("a tensor to be uploaded is refused past the binding limit, and taken up to it", () => {
  uploadTensor(small, "images", [MIB / 4], "f32").storage.buffer.destroy();
  expectRefused(() => uploadTensor(small, "images", [MIB / 4 + 1], "f32"), "images of 1048580 bytes");
  uploadTensor(small, "images", [MIB / 2 - 1], "f16").storage.buffer.destroy();
  expectRefused(() => uploadTensor(small, "images", [MIB / 2 + 1], "f16"), "images of 1048580 bytes");
});

confinedTest(
  "a parameter past the binding limit is refused by name, as is a net past the buffer limit",
  () => {
    const layout = new ParameterLayout();
    layout.add("projector.0.weight", "weight", [512, 512]);
    new FlatBuffer(small, layout, "online").destroy();
    for (let i = 0; i < 3; i++) layout.add(`layer${i}.weight`, "weight", [512, 512]);
    const flat = new FlatBuffer(small, layout, "online"); // 4 MiB: one buffer, bound in four parts
    assertEquals(
      flat.parts.map(({ offset, length }) => [offset, length]),
      [0, 1, 2, 3].map((i) => [i * MIB / 4, MIB / 4]),
    );
    flat.destroy();
    layout.add("layer4.bn.bias", "norm", [1]);
    expectRefused(() => new FlatBuffer(small, layout, "online"), "online of 4194560 bytes");
    const wide = new ParameterLayout();
    wide.add("predictor.0.weight", "weight", [513, 512]);
    expectRefused(
      () => new FlatBuffer(small, wide, "online"),
      "parameter predictor.0.weight of 1050624 bytes",
    );
    const heads = { projector: { hidden: 4097, out: 64 }, predictor: { hidden: 8 } };
    const sgd = { name: "sgd", weightDecay: 0, momentum: 0, trustCoefficient: 1 } as const;
    expectRefused(
      () => new ByolState(small, { arch: "cifar_resnet8", ...heads }, sgd),
      "parameter projector.0.weight of 1048832 bytes",
    );
  },
);

// N, H, W, C, K, R; and what is the first to be too large.
for (
  const [[N, H, W, C, K, R], what] of [
    [[1, 128, 257, 16, 4, 1], "x of 2105344 bytes"],
    [[1, 256, 257, 3, 4, 1], "conv.x.padded of 1052672 bytes"],
    [[1, 128, 128, 4, 17, 1], "conv.y of 1310720 bytes"],
    [[1, 1, 1, 1024, 1, 5], "conv.packed of 1638400 bytes"],
    [[1, 64, 1, 64, 64, 3], "conv.dWeight.partial of 9437184 bytes"],
  ] as const
) {
  confinedTest(`a convolution is refused when it is planned: ${what}`, () => {
    const recorder = new Recorder(gpu.capabilities),
      tensor = (label: string, shape: number[]) => ({ label, shape, dtype: "f32" as const });
    const weight = tensor("weight", [K, R, R, C]), options = { stride: 1, padding: R >> 1 };
    const { saved } = recordConv2d(recorder, "conv", tensor("x", [N, H, W, C]), weight, options);
    recordConv2dBackward(
      recorder,
      "conv",
      saved,
      tensor("dy", [N, H, W, K]),
      tensor("dWeight", [K, R, R, C]),
      false,
    );
    expectRefused(() => recorder.memory(small.limits), what);
  });
}

/** Images of one size that are all the same, as many as wanted. */
function reader(images: number, side: number): DatasetReader {
  const pixels = Uint8Array.from({ length: side * side * 3 }, (_, i) => (i * 37) % 256);
  const image: RgbImage = { width: side, height: side, pixels };
  return {
    splits: ["train"],
    items: () => Uint32Array.from({ length: images }, (_, n) => n),
    size: () => image,
    bytesOf: () => pixels.length,
    classOf: () => -1,
    image: () => image,
    readInto: (_n: number, target: Uint8Array) => target.set(pixels),
  } as unknown as DatasetReader;
}
function configOf(sent: Record<string, unknown>): ResolvedPretrainConfig {
  return aPretrainConfig({ arch: "cifar_resnet8", steps: 1, ...sent }, 1024);
}
async function trainOn(on: PipelineCache, config: ResolvedPretrainConfig, side: number) {
  const hooks = {
    ...{ progress() {}, message() {} },
    ...{ checkpoint: () => Promise.resolve("ckpt"), rankMe: () => Promise.resolve(1) },
  };
  return await train(on, config, reader(1024, side), hooks, new AbortController().signal, {
    memoryBudget: 2 ** 40,
  });
}
confinedTest(
  "a batch whose images no binding holds is refused, and the largest that one holds trains",
  async () => {
    const sent = { px: 8, batch: 36, augmentation: "cifar" },
      side = 320,
      what = "batch.pixels of 11059200 bytes";
    const error = await assertRejects(() => trainOn(middle, configOf(sent), side), DomainError);
    assertEquals([error.code, error.options.type], ["invalid", "does_not_fit"]);
    assert(error.message.includes(what), error.message);
    assert(error.message.endsWith("the largest batch that fits is 34"), error.message);
    const config = configOf({ ...sent, batch: 34 });
    const { loss } = await trainOn(middle, config, side);
    assertEquals(loss, (await trainOn(pipelines, config, side)).loss);
  },
  dawn,
);

confinedTest("a batch whose activations no binding holds trains in parts, to the same loss", async () => {
  const config = configOf({ px: 32, batch: 81, augmentation: "none" }); // 10,616,832 bytes behind the first layer
  assertEquals((await trainOn(middle, config, 8)).loss, (await trainOn(pipelines, config, 8)).loss);
}, dawn);

confinedTest("a net past a binding is trained in parts, to the same bits", async () => {
  const heads = { projector: { hidden: 300, out: 256 }, predictor: { hidden: 8192 } };
  const lars = { name: "lars", weightDecay: 1e-3, momentum: 0.9, trustCoefficient: 1e-3 } as const;
  const results: [StepMetrics[], Float32Array][] = [];
  for (const on of [middle, pipelines]) {
    const state = new ByolState(on.device, { arch: "cifar_resnet8", ...heads }, lars);
    assertEquals(state.online.values.parts.length, on === pipelines ? 1 : 2);
    for (const { all } of [state.online.values, state.target.values]) {
      const data = Float32Array.from({ length: all.shape[0] }, (_, i) => ((i * 7919) % 1009 - 504) / 8192);
      on.device.queue.writeBuffer(all.storage!.buffer, 0, data);
    }
    const { shape, data } = noise([4, 8, 8, 3], 1);
    const x = uploadTensor(on.device, "views", shape, "f32", new Float32Array(data));
    const step = await ByolStep.compile(on, state, () => x);
    step.run(0, { lr: 0.1, tau: 0.9 });
    results.push([await step.metrics(0, 1), await readFloats(on.device, state.online.values.all)]);
    step.destroy();
    state.destroy();
  }
  const [[figures, values], [others, expected]] = results;
  assertEquals(figures, others);
  assert(values.every((v, i) => v === expected[i])); // millions
}, dawn);

confinedTest("an encoder takes batches whose activations a binding holds, to the same bits", async () => {
  const model = goldenTensors("embed_model"),
    px = 32,
    images = new Float32Array(noise([9, px, px, 3], 1).data);
  const embed = async (on: PipelineCache) => {
    const encoder = new Encoder(on, "cifar_resnet8", px, model), rows = await encoder.embed(images);
    encoder.destroy();
    return rows;
  };
  assertEquals(await embed(smallPipelines), await embed(pipelines));
  const error = assertThrows(() => new Encoder(smallPipelines, "cifar_resnet8", 129, model), DomainError);
  assertEquals([error.code, error.options.type], ["invalid", "model_too_large"]);
});

confinedTest("images past a binding are preprocessed on the CPU, to the same bits", async () => {
  const preprocessing = { px: 16, channel_mean: [0, 0, 0], channel_std: [1, 1, 1] } as never;
  const images = [700, 40, 500, 450, 591].map((side, n): RgbImage => ({
    ...{ width: side, height: side },
    pixels: Uint8Array.from({ length: side * side * 3 }, (_, i) => (i * (n + 37)) % 256),
  }));
  const preprocessor = new Preprocessor(smallPipelines, preprocessing);
  const x = uploadTensor(small, "x", [images.length, 16, 16, 3], "f32");
  await preprocessor.write(images, x);
  const rows = await readFloats(small, x);
  for (const [n, image] of images.entries()) {
    assertEquals(rows.slice(n * 768, (n + 1) * 768), preprocess(image, preprocessing));
  }
  preprocessor.destroy();
  x.storage.buffer.destroy();
});
