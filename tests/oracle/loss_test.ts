import { recordByolLoss } from "../../src/byol/loss.ts";
import { goldenCases } from "./golden.ts";
import { expectClose, noise, run, summationError, upload, type Values } from "./oracle.ts";
import { byolLoss, byolLossBackward } from "./reference/byol_loss.ts";

async function check(
  prediction: Values,
  projection: Values,
  expected?: Record<string, Values>,
  microBatches = 1,
): Promise<void> {
  const [rows, D] = prediction.shape, shape = { N: rows / 2, D };
  const [rowLoss, dPrediction] = await run((recorder) => {
    const loss = recordByolLoss(recorder, upload(prediction), upload(projection), undefined, microBatches);
    return [loss.rowLoss, loss.dPrediction];
  });
  // Unit vectors' differences are at most 2, so a row's loss is a sum of terms that is at most 4.
  const rtol = summationError(D + 8);
  const truth = byolLoss(shape, prediction.data, projection.data);
  expectClose(
    "rowLoss",
    rowLoss,
    expected?.rowLoss.data ?? truth.rowLoss,
    rtol,
    new Float64Array(rows).fill(4),
  );
  const whole = expected?.dPrediction.data ?? byolLossBackward(shape, prediction.data, projection.data);
  const gradient = whole.map((v) => v / microBatches);
  for (let row = 0; row < rows; row++) {
    const part = (v: Float64Array) => v.subarray(row * D, (row + 1) * D);
    // In units of 1/‖p‖: the tangent's projection cancels where both vectors agree.
    const length = Math.max(1e-6, Math.hypot(...part(prediction.data)));
    const scale = new Float64Array(D).fill(4 / shape.N / microBatches / length);
    expectClose(`dPrediction, row ${row}`, part(dPrediction), part(gradient), rtol, scale);
  }
}

for (const [rows, D] of [[2, 1], [2, 16], [6, 33], [18, 256], [4, 7]]) {
  Deno.test(`byol_loss agrees with float64 at ${rows}x${D}`, () =>
    check(noise([rows, D], 1), noise([rows, D], 2)));
}
Deno.test("byol_loss of one of three micro-batches has a third of the gradient", () =>
  check(noise([6, 33], 1), noise([6, 33], 2), undefined, 3));
Deno.test("byol_loss agrees with float64 for zero, equal, opposite and tiny vectors", () => {
  const prediction = noise([8, 5], 1),
    projection = noise([8, 5], 2),
    row = (v: Values, r: number) => v.data.subarray(5 * r, 5 * r + 5);
  row(prediction, 0).fill(0);
  row(prediction, 1).set(row(projection, 5));
  row(prediction, 2).set(row(projection, 6).map((v) => -v));
  row(prediction, 3).forEach((v, i, all) => all[i] = Math.fround(v * 1e-4));
  row(projection, 0).fill(0);
  return check(prediction, projection);
});
for (const { index, tensors: t } of goldenCases("byol_loss")) {
  Deno.test(`byol_loss agrees with PyTorch, case ${index}`, () => check(t.prediction, t.projection, t));
}
