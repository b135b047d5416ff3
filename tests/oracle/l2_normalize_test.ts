import { assertEquals } from "@std/assert";
import { recordL2Normalize, recordL2NormalizeBackward } from "../../src/nn/l2_normalize.ts";
import { expectClose, noise, run, summationError, upload, type Values } from "./oracle.ts";
import { l2Normalize, l2NormalizeBackward } from "./reference/l2_normalize.ts";
import { torchCases } from "./torch_cases.ts";

const record = (x: Values, dy: Values) =>
  run((recorder) => {
    const { y, saved } = recordL2Normalize(recorder, "rows", upload(x));
    return [y, recordL2NormalizeBackward(recorder, "rows", saved, upload(dy))];
  });

async function check(x: Values, dy: Values, expected?: Record<string, Values>): Promise<void> {
  const [rows, cols] = x.shape, [y, dx] = await record(x, dy);
  // The sum of squares is under a root, which halves its error; then a root, a division, a product.
  const rtol = summationError(cols + 8);
  const yTruth = expected?.y.data ?? l2Normalize(cols, x.data);
  const dxTruth = expected?.dx.data ?? l2NormalizeBackward(cols, x.data, dy.data);
  for (let r = 0; r < rows; r++) {
    const part = (v: Float64Array) => v.subarray(r * cols, (r + 1) * cols);
    const norm = Math.sqrt(Math.max(part(x.data).reduce((sum, v) => sum + v * v, 0), 1e-12));
    expectClose(`y of row ${r}`, part(y), part(yTruth), rtol);
    // ⟨y, dy⟩ is a sum that may cancel: its error is in units of Σ|y·dy| ≤ ‖dy‖, and so is dx's, by 1/‖x‖.
    const scale = new Float64Array(cols).fill(Math.hypot(...part(dy.data)) / norm);
    expectClose(`dx of row ${r}`, part(dx), part(dxTruth), 2 * rtol, scale);
  }
}

// One lane; one short of, exactly, and one over a workgroup; many rows; one wide row.
for (const [rows, cols] of [[1, 1], [3, 63], [5, 64], [2, 65], [129, 33], [1, 4099]]) {
  Deno.test(`l2_normalize agrees with float64 at ${rows}x${cols}`, () =>
    check(noise([rows, cols], 1), noise([rows, cols], 2)));
}
Deno.test("l2_normalize agrees with float64 for rows that are zero, under the clamp, tiny and huge", () => {
  const x = noise([6, 19], 3);
  for (const [r, factor] of [0, 1e-8, 1e-5, 1e-3, 1e6, 1e17].entries()) {
    for (let c = 0; c < 19; c++) x.data[r * 19 + c] = Math.fround(factor * x.data[r * 19 + c]);
  }
  return check(x, noise([6, 19], 4));
});
Deno.test("l2_normalize is as exact past 65,535 rows, and two runs agree bit for bit", async () => {
  const x = noise([65_537, 3], 5), dy = noise([65_537, 3], 6), first = await record(x, dy);
  expectClose("y", first[0], l2Normalize(3, x.data), summationError(11));
  assertEquals(await record(x, dy), first);
});
for (const { index, tensors: t } of torchCases("l2_normalize")) {
  Deno.test(`l2_normalize agrees with PyTorch, case ${index}`, async () => {
    const cols = t.x.shape[1];
    expectClose("the reference's y", l2Normalize(cols, t.x.data), t.y.data, 1e-9);
    expectClose("the reference's dx", l2NormalizeBackward(cols, t.x.data, t.dy.data), t.dx.data, 1e-9);
    await check(t.x, t.dy, t);
  });
}
