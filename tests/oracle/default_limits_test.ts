import { assertEquals } from "@std/assert";
import { PipelineCache } from "../../src/gpu/pipeline.ts";
import { openProvider } from "../../src/gpu/provider.ts";
import { readFloats } from "../../src/gpu/readback.ts";
import { Recorder } from "../../src/gpu/recorder.ts";
import { type TunedDispatch, Tuner } from "../../src/gpu/tuner.ts";
import { memoryTuningCache } from "../../src/gpu/tuning_file.ts";
import { uploadTensor } from "../../src/gpu/upload.ts";
import { recordConv2d, recordConv2dBackward } from "../../src/nn/conv2d.ts";
import { gpu, noise, provider, type Values } from "./oracle.ts";

// A device of WebGPU's default limits: 16 KiB of memory and 256 invocations a workgroup, where adapters offer twice that and
// more. Dawn refuses a pipeline that takes more; Deno's WebGPU does not look, so what is recorded is looked at here.

const adapter =
  (await (await openProvider(provider)).requestAdapter({ powerPreference: "high-performance" }))!;
const timestamps = gpu.capabilities.timestamps === true;
const plain = await adapter.requestDevice({
  label: "default limits",
  requiredFeatures: timestamps ? ["timestamp-query"] : [],
});
const { maxComputeWorkgroupStorageSize, maxComputeInvocationsPerWorkgroup } = plain.limits;

/** Forward and both gradients on a device, and the tiles that there were to choose among. */
async function convolve(device: GPUDevice, capabilities: PipelineCache["capabilities"]) {
  const seen: TunedDispatch[] = [];
  const tuner = new class extends Tuner {
    override tune(...[on, dispatches]: Parameters<Tuner["tune"]>): Promise<void> {
      seen.push(...dispatches);
      return super.tune(on, dispatches);
    }
  }("an adapter", memoryTuningCache(), { measure: true, software: true });
  const upload = ({ shape, data }: Values, label: string) =>
    uploadTensor(device, label, shape, "f32", new Float32Array(data));
  const x = upload(noise([2, 9, 9, 20], 1), "x"), weight = upload(noise([24, 3, 3, 20], 2), "weight");
  const dy = upload(noise([2, 9, 9, 24], 3), "dy"), dWeight = upload(noise([24, 3, 3, 20], 4), "dWeight");
  const recorder = new Recorder(capabilities);
  const { y, saved } = recordConv2d(recorder, "conv", x, weight, { stride: 1, padding: 1 });
  const dx = recordConv2dBackward(recorder, "conv", saved, dy, dWeight)!;
  for (const tensor of [y, dx]) recorder.keep(tensor);
  device.pushErrorScope("validation");
  const plan = await recorder.compile(new PipelineCache(device, capabilities, tuner));
  plan.replay();
  const error = await device.popErrorScope();
  assertEquals(error?.message, undefined);
  const results = await Promise.all([y, dx, dWeight].map((tensor) => readFloats(device, tensor)));
  const tiles = seen.map(({ candidates }) =>
    candidates.map(({ kernel: { name, overrides = {} } }) => `${name} ${overrides.WG_M}x${overrides.WG_N}`)
  );
  plan.destroy();
  return { results, tiles };
}

Deno.test("on a device of default limits a convolution is tuned among what fits, and makes the same bits", async () => {
  assertEquals([maxComputeWorkgroupStorageSize, maxComputeInvocationsPerWorkgroup], [16_384, 256]);
  const { tiles, results } = await convolve(plain, { timestamps });
  const forward = ["16x8", "8x16", "8x8"].map((tile) => `conv2d_tiled ${tile}`);
  const gradient = ["16x8", "16x16", "8x16", "8x8"].map((tile) => `conv2d_weight_gradient_tiled ${tile}`);
  assertEquals(tiles, [forward, gradient, forward]);
  const untold = { ...gpu.capabilities, subgroupSize: undefined };
  assertEquals(results, (await convolve(gpu.device, untold)).results);
});

Deno.test("a device that tells its limits has every tile that fits them", async () => {
  const told = gpu.device.limits, { maxWorkgroupBytes, maxWorkgroupInvocations } = gpu.capabilities;
  assertEquals(
    [maxWorkgroupBytes, maxWorkgroupInvocations],
    [told.maxComputeWorkgroupStorageSize, told.maxComputeInvocationsPerWorkgroup],
  );
  const { tiles } = await convolve(gpu.device, {
    timestamps,
    maxWorkgroupBytes: 18_432,
    maxWorkgroupInvocations: 127,
  });
  assertEquals(tiles, [["conv2d_tiled 8x8"], ["conv2d_weight_gradient_tiled 8x8"], ["conv2d_tiled 8x8"]]);
});
