import { assertEquals, assertThrows } from "@std/assert";
import { RandomStream } from "../../src/domain/philox.ts";
import { readback } from "../../src/gpu/readback.ts";
import { Recorder } from "../../src/gpu/recorder.ts";
import { uploadTensor } from "../../src/gpu/upload.ts";
import { recordTopK, recordTopKMerge, RunningTopK } from "../../src/nn/top_k.ts";
import { noise, pipelines, upload, type Values } from "./oracle.ts";
import { topK } from "./reference/top_k.ts";

const { device } = pipelines;

async function found(x: Values, k: number): Promise<{ values: number[]; indices: number[] }> {
  const recorder = new Recorder(pipelines.capabilities);
  const { values, indices } = recordTopK(recorder, "rows", upload(x), k);
  const plan = await recorder.compile(pipelines);
  plan.replay();
  const bits = await readback(device, [values, indices]);
  plan.destroy();
  return { values: [...new Float32Array(bits[0])], indices: [...new Uint32Array(bits[1])] };
}

/** Few distinct values, so that most comparisons are ties. */
function steps(shape: [number, number], seed: number, count: number): Values {
  const random = new RandomStream(seed, 97);
  return { shape, data: Float64Array.from({ length: shape[0] * shape[1] }, () => random.below(count) - 2) };
}

// One value; k of all; k of 1; around powers of two, a strip (512) and what stands aside (1,024); most neighbours allowed.
for (
  const [rows, columns, k] of [
    [1, 1, 1],
    [3, 5, 5],
    [4, 513, 1],
    [2, 1025, 1024],
    [3, 1024, 3],
    [5, 4099, 200],
    [2, 20_011, 64],
    [1, 9000, 1000],
    [70, 65, 33],
  ]
) {
  Deno.test(`top_k finds the ${k} largest of ${rows}x${columns}, and the lower column of equal ones`, async () => {
    for (const x of [noise([rows, columns], 1), steps([rows, columns], 2, 4)]) {
      assertEquals(await found(x, k), topK(columns, x.data, k));
    }
  });
}

Deno.test("top_k is right for rising, falling and constant rows, zeros of either sign, and the largest magnitudes", async () => {
  const columns = 3000, x = { shape: [6, columns], data: new Float64Array(6 * columns) };
  const most = 3.4028234663852886e38;
  for (let c = 0; c < columns; c++) {
    const row = [c, -c, 7, c % 2 ? -0 : 0, c % 3 ? -most : most, -most];
    for (const [r, v] of row.entries()) x.data[r * columns + c] = v;
  }
  const actual = await found(x, 150), expected = topK(columns, x.data, 150);
  assertEquals(actual.indices, expected.indices);
  assertEquals(actual.values.map((v) => v + 0), expected.values.map((v) => Math.fround(v) + 0));
});

Deno.test("top_k merges chunk after chunk into what one search of all columns finds, and starts afresh at column 0", async () => {
  const rows = 9, columns = 5000, width = 1100, k = 120;
  const x = steps([rows, columns], 3, 300), chunk = uploadTensor(device, "chunk", [rows, width], "f32");
  const running = new RunningTopK(device, rows, k), recorder = new Recorder();
  recordTopKMerge(recorder, chunk, running);
  const plan = await recorder.compile(pipelines), expected = topK(columns, x.data, k);
  for (let pass = 0; pass < 2; pass++) {
    for (let first = 0; first < columns; first += width) {
      const count = Math.min(width, columns - first), part = new Float32Array(rows * width).fill(1e9);
      for (let r = 0; r < rows; r++) {
        part.set(x.data.subarray(r * columns + first, r * columns + first + count), r * width);
      }
      device.queue.writeBuffer(chunk.storage.buffer, 0, part);
      running.writeChunk(first, count);
      plan.replay();
    }
    const [values, indices] = await readback(device, [running.values, running.indices]);
    assertEquals([...new Uint32Array(indices)], expected.indices);
    assertEquals([...new Float32Array(values)], expected.values);
  }
  plan.destroy();
  running.destroy();
});

Deno.test("top_k finds the largest of more columns than one dispatch goes through, in the order that takes the longest", async () => {
  const columns = 200_003, k = 1000, data = Float64Array.from({ length: 2 * columns }, (_, i) => i % columns);
  const { values, indices } = await found({ shape: [2, columns], data }, k);
  assertEquals(values, Array.from({ length: 2 * k }, (_, i) => columns - 1 - i % k));
  assertEquals(indices, values);
});

Deno.test("recordTopK() refuses a k that there is no room or no column for", () => {
  const recorder = new Recorder(), x = recorder.alloc("x", [2, 3000]);
  for (const k of [0, 1.5, 1025]) {
    assertThrows(() => recordTopK(recorder, "rows", x, k), RangeError, `k must be 1 … 1024, got ${k}`);
  }
  assertThrows(
    () => recordTopK(recorder, "rows", recorder.alloc("y", [2, 3]), 4),
    RangeError,
    "1 … 3, got 4",
  );
  const running = new RunningTopK(device, 4, 2);
  assertThrows(() => recordTopKMerge(recorder, x, running), RangeError, "shape must be [4,3000]");
});
