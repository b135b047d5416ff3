import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { createBuffers } from "../../src/gpu/allocate.ts";
import { openGpu } from "../../src/gpu/device.ts";
import { DeviceLostError, OutOfMemoryError } from "../../src/gpu/gpu_error.ts";
import { PipelineCache } from "../../src/gpu/pipeline.ts";
import { readFloats } from "../../src/gpu/readback.ts";
import { Recorder } from "../../src/gpu/recorder.ts";
import type { Tensor } from "../../src/gpu/tensor.ts";
import { uploadTensor } from "../../src/gpu/upload.ts";
import { expectClose, gpu, noise, pipelines, provider, run, upload } from "./oracle.ts";
import { recordAdd } from "../../src/nn/add.ts";

const open = () => openGpu({ allowSoftware: true, provider });

/** A device that has no room for the buffer of this label, as far as whoever asks can see. */
function without(device: GPUDevice, label: string): { device: GPUDevice; destroyed: string[] } {
  const refused: boolean[] = [], destroyed: string[] = [];
  const error = { message: "not enough memory left" } as GPUError;
  const methods: Partial<GPUDevice> = {
    createBuffer(descriptor) {
      refused.push(descriptor.label === label);
      const buffer = device.createBuffer(descriptor), destroy = buffer.destroy.bind(buffer);
      buffer.destroy = () => (destroyed.push(buffer.label), destroy());
      return buffer;
    },
    popErrorScope: async () => await device.popErrorScope() ?? (refused.shift() ? error : null),
  };
  const get = (_: GPUDevice, name: keyof GPUDevice) => {
    const value = methods[name] ?? device[name];
    return typeof value === "function" && !(name in methods) ? value.bind(device) : value;
  };
  return { device: new Proxy(device, { get } as ProxyHandler<GPUDevice>), destroyed };
}
const usage = GPUBufferUsage.STORAGE;

Deno.test("a buffer past the device's limits is an OutOfMemoryError that names it and its bytes", async () => {
  const error = await assertRejects(
    () =>
      createBuffers(gpu.device, [{ label: "x", size: 4, usage }, { label: "absurd", size: 2 ** 50, usage }]),
    OutOfMemoryError,
    "Cannot allocate absurd of 1125899906842624 bytes",
  );
  assertEquals([error.code, error.options.type], ["unavailable", "gpu_out_of_memory"]);
});

Deno.test("a plan's tensor past the binding limit is an OutOfMemoryError", async () => {
  const recorder = new Recorder();
  const huge = recorder.alloc("encoder.y", [2 ** 20, 2 ** 20]);
  const error = await assertRejects(() => recorder.compile(pipelines), OutOfMemoryError, "encoder.y");
  assertStringIncludes(error.message, "shape [1048576,1048576]");
  assertEquals(huge.storage, undefined);
});

Deno.test("a buffer that the GPU has no memory for is an OutOfMemoryError, and the others are freed", async () => {
  const { device, destroyed } = without(gpu.device, "c");
  const descriptors = ["a", "b", "c", "d"].map((label) => ({ label, size: 64, usage }));
  const message =
    "Cannot allocate c of 64 bytes: the GPU has no memory for it (128 were taken just before: not en";
  await assertRejects(() => createBuffers(device, descriptors), OutOfMemoryError, message);
  assertEquals(destroyed, ["a", "b", "c", "d"]);
});

Deno.test("a readback that there is no memory for is an OutOfMemoryError, and nothing else", async () => {
  const { device } = without(gpu.device, "readback"), x = upload(noise([4], 1), "x");
  await assertRejects(() => readFloats(device, x), OutOfMemoryError, "Cannot allocate readback of 16 bytes");
  const early: Tensor = { label: "early", shape: [4], dtype: "f32" };
  await assertRejects(() => readFloats(gpu.device, early), TypeError, "early: its plan is not compiled");
});

Deno.test("a readback is of what was submitted before it was called", async () => {
  const x = uploadTensor(gpu.device, "x", [2], "f32", Float32Array.of(1, 2));
  const before = readFloats(gpu.device, x);
  gpu.device.queue.writeBuffer(x.storage.buffer, 0, Float32Array.of(3, 4));
  assertEquals([[...await before], [...await readFloats(gpu.device, x)]], [[1, 2], [3, 4]]);
});

Deno.test("a lost device is a DeviceLostError to whoever reads back, compiles or waits for its end", async () => {
  const { device, capabilities, failed } = await open();
  const x = uploadTensor(device, "x", [4], "f32", Float32Array.of(1, 2, 3, 4));
  assertEquals([...await readFloats(device, x)], [1, 2, 3, 4]);
  device.destroy();
  const error = await assertRejects(() => readFloats(device, x), DeviceLostError, "the GPU was lost");
  assertEquals([error.code, error.options.type], ["unavailable", "gpu_lost"]);
  assert((await failed) instanceof DeviceLostError);
  const recorder = new Recorder(capabilities);
  recordAdd(recorder, "late", x, x);
  // Dawn compiles on a lost device, to no effect; Deno refuses.
  const compiled = await recorder.compile(new PipelineCache(device, capabilities)).catch((e) => e);
  assert(!(compiled instanceof Error) || compiled instanceof DeviceLostError, String(compiled));
  // Other devices go on.
  const [sum] = await run((r) => [recordAdd(r, "sum", upload(noise([3], 1)), upload(noise([3], 1)))]);
  expectClose("sum", sum, noise([3], 1).data.map((v) => 2 * v), 0);
});

Deno.test("an error that no call catches is what the device fails with", async () => {
  const { device, failed } = await open(), { error } = console, lines: string[] = [];
  console.error = (...words) => lines.push(words.join(" "));
  try {
    device.createBuffer({ label: "useless", size: 4, usage: 0 });
    await device.queue.onSubmittedWorkDone();
    assertStringIncludes((await failed).message, "Cannot trust the GPU's results: ");
    assert(lines.some((line) => line.startsWith("gpu: ")), lines.join("\n"));
  } finally {
    console.error = error;
    device.destroy();
  }
});

Deno.test("the adapter is named with its provider; optional features are what the device has", () => {
  const { adapter, capabilities, device } = gpu;
  assert(adapter.driver.startsWith(provider) && adapter.driver.includes(adapter.description), adapter.driver);
  assertEquals(capabilities.shaderF16, device.features.has("shader-f16"));
  assertEquals(capabilities.timestamps, device.features.has("timestamp-query"));
});
