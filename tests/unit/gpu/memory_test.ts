import { assertEquals, assertThrows } from "@std/assert";
import { OutOfMemoryError } from "../../../src/gpu/gpu_error.ts";
import { kernelBindings } from "../../../src/gpu/kernel_bindings.ts";
import { Recorder } from "../../../src/gpu/recorder.ts";
import type { Tensor } from "../../../src/gpu/tensor.ts";

const LIMITS = { maxStorageBufferBindingSize: 2 ** 20, maxBufferSize: 2 ** 30 };
/** Reads its first binding and writes its second; never compiled. */
const kernel = {
  name: "copy",
  source: `
    @group(0) @binding(0) var<storage, read> x: array<f32>;
    @group(0) @binding(1) var<storage, read_write> y: array<f32>;`,
};
const input: Tensor = { label: "input", shape: [256], dtype: "f32" };

/** Copies from tensor to tensor, `links` times. */
function chain(links: number): { recorder: Recorder; last: Tensor } {
  const recorder = new Recorder();
  let last = input;
  for (let i = 0; i < links; i++) {
    const next = recorder.alloc(`link ${i}`, [256]);
    recorder.dispatch(kernel, [last, next], [1]);
    last = next;
  }
  return { recorder, last };
}

Deno.test("a recording tells its memory before anything is allocated", () => {
  const { bytes, peakBytes, unsharedBytes, tensors } = chain(10).recorder.memory(LIMITS);
  assertEquals({ bytes, peakBytes, unsharedBytes, tensors }, {
    bytes: 2048,
    peakBytes: 2048,
    unsharedBytes: 10240,
    tensors: 10,
  });
});

Deno.test("a kept tensor shares its memory with none", () => {
  const { recorder, last } = chain(3);
  recorder.keep(last);
  assertEquals(recorder.memory(LIMITS).bytes, 3 * 1024);
});

Deno.test("a tensor past the device's binding limit is refused by name", () => {
  const recorder = new Recorder();
  recorder.dispatch(kernel, [input, recorder.alloc("big", [2 ** 20])], [1]);
  assertThrows(
    () => recorder.memory(LIMITS),
    OutOfMemoryError,
    "big of 4194304 bytes: the GPU has no memory for it (shape [1048576], and the device binds at most 1048576 bytes)",
  );
});

Deno.test("a tensor that is read before it is written is refused by name", () => {
  const recorder = new Recorder(), x = recorder.alloc("nothing yet", [256]);
  recorder.dispatch(kernel, [x, recorder.alloc("y", [256])], [1]);
  assertThrows(() => recorder.memory(LIMITS), TypeError, "nothing yet");
});

Deno.test("a dispatch with another number of bindings than its kernel has is refused", () => {
  assertThrows(() => new Recorder().dispatch(kernel, [input], [1]), RangeError, "has 2 bindings, got 1");
});

Deno.test("a kernel's text tells what it reads and writes", () => {
  assertEquals(
    kernelBindings(`@group(0) @binding(1) var<uniform> g: Sizes;
    @group(0) @binding(0) var<storage,read> x: array<f32>; @group(0) @binding(2) var<storage, read_write> y: array<f32>;`),
    [
      "read",
      "uniform",
      "write",
    ],
  );
});
