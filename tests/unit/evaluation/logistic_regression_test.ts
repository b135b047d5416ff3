import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { RandomStream } from "../../../src/domain/philox.ts";
import type { LabelledEmbeddings } from "../../../src/evaluation/knn.ts";
import { classify } from "../../../src/evaluation/linear_head.ts";
import { CentredRows, fitLogistic, logisticObjective } from "../../../src/evaluation/logistic_regression.ts";
import { SgdHeads } from "../../../src/evaluation/sgd_heads.ts";
import { pythonWithTorch, runPython } from "../../e2e/python.ts";

/** Overlapping clusters off the origin, with columns of unlike scales, as the embeddings of a network are. */
function clusters(count: number, dim: number, classes: number, seed: number): LabelledEmbeddings {
  const centre = new RandomStream(1, 96), random = new RandomStream(seed, 95);
  const centres = Array.from({ length: classes * dim }, () => centre.normal());
  const rows = new Float32Array(count * dim), labels = new Int32Array(count);
  for (let n = 0; n < count; n++) {
    labels[n] = n < classes ? n : random.below(classes);
    for (let i = 0; i < dim; i++) {
      rows[n * dim + i] = (1 + i / 4) * (3 + 0.5 * centres[labels[n] * dim + i] + random.normal());
    }
  }
  return { rows, labels };
}
const nested = ({ rows, labels }: LabelledEmbeddings, dim: number): number[][] =>
  Array.from(labels, (_, n) => Array.from(rows.subarray(n * dim, (n + 1) * dim)));
const EXACT = { tolerance: 1e-11, maxIterations: 20_000 };

Deno.test("the objective's gradient is its finite differences", () => {
  const dim = 5, classes = 4, data = new CentredRows(clusters(37, dim, classes, 3), dim, classes);
  const random = new RandomStream(5, 90), objective = logisticObjective(data, 0.7);
  const x = Float64Array.from({ length: classes * (dim + 1) }, () => 0.3 * random.normal());
  const gradient = new Float64Array(x.length), unused = new Float64Array(x.length);
  objective(x, gradient);
  for (let i = 0; i < x.length; i++) {
    const moved = [1e-5, -1e-5].map((by) => objective(x.with(i, x[i] + by), unused));
    assertAlmostEquals((moved[0] - moved[1]) / 2e-5, gradient[i], 1e-8);
  }
});

Deno.test("fitLogistic() ends where the gradient is zero, the sooner from a near start, in the same bits each time", () => {
  const data = new CentredRows(clusters(300, 8, 5, 2), 8, 5), fit = fitLogistic(data, 3, EXACT);
  assert(fit.converged && fit.iterations > 5, JSON.stringify(fit));
  assertEquals(fitLogistic(data, 3, EXACT), fit);
  const warm = fitLogistic(data, 3, { ...EXACT, start: fit.head });
  assert(warm.iterations <= 2, `${warm.iterations} iterations from the optimum`);
  const near = fitLogistic(data, 3.1, { ...EXACT, start: fit.head });
  assert(near.iterations < fitLogistic(data, 3.1, EXACT).iterations);
});

Deno.test("fitLogistic() refuses what has no optimum, by name", () => {
  const data = new CentredRows(clusters(20, 3, 2, 1), 3, 2);
  assertThrows(() => fitLogistic(data, 0, EXACT), RangeError, "lambda must be positive, got 0");
  const rows = Float32Array.of(1, NaN), labels = Int32Array.of(0);
  assertThrows(() => new CentredRows({ rows, labels }, 2, 1), RangeError, "got NaN");
});

const python = await pythonWithTorch("sklearn, numpy");
Deno.test({
  name: `scikit-learn finds the same optimum, and NumPy the same first steps of SGD${
    python ? "" : " (skipped: no python3-sklearn)"
  }`,
  ignore: !python,
}, async (t) => {
  for (
    const { count, dim, classes, lambdas } of [
      { count: 400, dim: 16, classes: 6, lambdas: [0.1, 1, 30, 1e5] },
      { count: 90, dim: 7, classes: 2, lambdas: [0.01, 10] },
      { count: 60, dim: 40, classes: 3, lambdas: [0.1, 1] }, // more columns than rows of a class: separable
    ]
  ) {
    await t.step(`${count} rows of ${dim}, ${classes} classes`, async () => {
      const data = clusters(count, dim, classes, 2), asked = clusters(2000, dim, classes, 9);
      const sgd = { rate: 0.05, steps: 50, momentum: 0.9, batch: 10, run: 6 };
      const path = await Deno.makeTempFile({ prefix: "logistic-" });
      const sent = {
        rows: nested(data, dim),
        labels: [...data.labels],
        queries: nested(asked, dim),
        lambdas,
      };
      await Deno.writeTextFile(path, JSON.stringify({ ...sent, sgd }));
      const script = new URL("logistic_in_sklearn.py", import.meta.url);
      const { fits, heads } = await runPython(python!, script, [path]) as {
        fits: Record<"lbfgs" | "newton-cg", { loss: number; predicted: number[] }>[];
        heads: { weight: number[]; bias: number[] }[];
      };
      await Deno.remove(path);
      const centred = new CentredRows(data, dim, classes);
      for (const [i, lambda] of lambdas.entries()) {
        const { head, loss } = fitLogistic(centred, lambda, EXACT);
        const { lbfgs, "newton-cg": newton } = fits[i], theirs = lbfgs.loss < newton.loss ? lbfgs : newton;
        const told = `λ ${lambda}: ${loss}, scikit-learn's ${lbfgs.loss} and ${newton.loss}`;
        // Its lbfgs gives up where steps of the value become small; of its two solvers the lower is the optimum's.
        assert(loss <= lbfgs.loss * (1 + 1e-6), told);
        assert(Math.abs(loss - theirs.loss) <= 1e-6 * theirs.loss, told);
        const { predicted } = classify(head, asked.rows, asked.labels);
        const equal = theirs.predicted.filter((label, n) => label === predicted[n]).length;
        assert(equal >= 0.999 * predicted.length, `λ ${lambda}: ${equal} of ${predicted.length} predictions`);
      }
      const { rate: rates, steps, momentum, batch, run } = sgd;
      const trained = new SgdHeads({ dim, classes, rates: [1, rates], steps, momentum });
      for (let k = 0; k < run; k++) {
        const rows = data.rows.subarray(k * batch * dim, (k + 1) * batch * dim);
        trained.step({ rows, labels: data.labels.subarray(k * batch, (k + 1) * batch) });
        const { weight, bias } = trained.heads[1];
        for (const [ours, theirs] of [[weight, heads[k].weight], [bias, heads[k].bias]]) {
          ours.forEach((v, j) => assertAlmostEquals(v, theirs[j], 1e-12 * (1 + Math.abs(v))));
        }
      }
    });
  }
});
