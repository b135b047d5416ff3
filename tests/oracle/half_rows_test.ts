import { assert, assertThrows } from "@std/assert";
import { Recorder } from "../../src/gpu/recorder.ts";
import { recordHalfRowsProduct } from "../../src/nn/half_rows.ts";
import {
  noise,
  pipelines,
  pipelinesWith,
  run,
  stored,
  UNIT_ROUNDOFF,
  upload,
  uploadWords,
} from "./oracle.ts";

// One row, one short of and one over a workgroup's eight; one query, the most that go one by one, and those that do not.
for (const [R, Q, D] of [[1, 1, 32], [7, 1, 64], [9, 4, 96], [1000, 1, 512], [33, 5, 32], [300, 64, 512]]) {
  Deno.test(`recordHalfRowsProduct() agrees with float64 at ${R}x${D}, ${Q} queries`, async () => {
    const x = stored(noise([R, D], 1), "f16"), v = noise([Q, D], 2);
    const words = new Uint32Array(new Float16Array(x.data).buffer);
    const product = (recorder: Recorder) => [
      recordHalfRowsProduct(recorder, "rows", uploadWords([R, D / 2], words), upload(v)),
    ];
    for (const on of [pipelines, pipelinesWith({ ...pipelines.capabilities, subgroupSize: undefined })]) {
      const [y] = await run(product, on);
      for (let r = 0; r < R; r++) {
        for (let q = 0; q < Q; q++) {
          let sum = 0, size = 0;
          for (let c = 0; c < D; c++) {
            const term = x.data[r * D + c] * v.data[q * D + c];
            sum += term;
            size += Math.abs(term);
          }
          const error = Math.abs(y[r * Q + q] - sum);
          assert(error <= (D + 4) * UNIT_ROUNDOFF * size, `row ${r}, query ${q}: ${error} of ${size}`);
        }
      }
    }
  });
}

Deno.test("recordHalfRowsProduct() refuses columns that it cannot take, and rows of another length", () => {
  const recorder = new Recorder();
  const rows = (words: number) => recorder.alloc("rows", [3, words], "u32");
  assertThrows(
    () => recordHalfRowsProduct(recorder, "x", rows(20), recorder.alloc("queries", [1, 40])),
    RangeError,
    "columns must be a multiple of 32, got 40",
  );
  assertThrows(
    () => recordHalfRowsProduct(recorder, "x", rows(32), recorder.alloc("queries", [1, 32])),
    RangeError,
    "shape must be [3,16]",
  );
});
