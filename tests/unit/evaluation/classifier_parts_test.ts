import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { ConfusionMatrix } from "../../../src/evaluation/confusion.ts";
import { holdOut } from "../../../src/evaluation/held_out.ts";
import { minimize } from "../../../src/evaluation/lbfgs.ts";
import { accuracyOf, classify } from "../../../src/evaluation/linear_head.ts";
import { SgdHeads } from "../../../src/evaluation/sgd_heads.ts";

Deno.test("minimize() comes down Rosenbrock's valley, and says when it has not come far enough", () => {
  const valley = ([x, y]: Float64Array, gradient: Float64Array) => {
    gradient.set([-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)]);
    return (1 - x) ** 2 + 100 * (y - x * x) ** 2;
  };
  const start = Float64Array.of(-1.2, 1);
  const found = minimize(valley, start, { tolerance: 1e-9, maxIterations: 200 });
  assert(found.converged);
  for (const v of found.x) assertAlmostEquals(v, 1, 1e-8);
  assertEquals([...start], [-1.2, 1]);
  const { converged, iterations } = minimize(valley, start, { tolerance: 1e-9, maxIterations: 3 });
  assertEquals([converged, iterations], [false, 3]);
  assertThrows(() => minimize(() => NaN, start, { tolerance: 1, maxIterations: 1 }), RangeError, "finite");
});

Deno.test("holdOut() takes its share of each class, one at least and never all, by the seed alone", () => {
  const labels = Int32Array.from({ length: 103 }, (_, n) => n < 100 ? n % 2 : 2 + Number(n === 102));
  const even = labels.subarray(0, 102), { kept, held } = holdOut(even, 0.1, 7);
  const count = (rows: Uint32Array) =>
    [0, 1, 2].map((label) => rows.filter((row) => labels[row] === label).length);
  assertEquals([count(held), count(kept)], [[5, 5, 1], [45, 45, 1]]);
  assertEquals([...kept, ...held].sort((a, b) => a - b), Array.from(even, (_, n) => n));
  assertEquals(holdOut(even, 0.1, 7), { kept, held });
  assert(holdOut(even, 0.1, 8).held.some((row) => !held.includes(row)));
  assertThrows(() => holdOut(labels, 0.1, 7), RangeError, "at least 2 rows");
});

Deno.test("classify() gives equal logits to the lower class, and counts what is no number as wrong", () => {
  const head = { weight: Float64Array.of(1, 0, 1, 0, 0, 1), bias: Float64Array.of(0, 0, 0) };
  const rows = Float32Array.of(2, 1, 2, 1, 0, 3, NaN, 1), labels = Int32Array.of(0, 1, 2, 1);
  const answers = classify(head, rows, labels);
  assertEquals([...answers.predicted.subarray(0, 3)], [0, 0, 2]);
  assertEquals([...answers.places], [0, 1, 0, 3]);
  assertEquals(accuracyOf(answers), 0.5);
});

Deno.test("a confusion matrix has the classes' own accuracies, and is a table", () => {
  const matrix = new ConfusionMatrix(["cat", 'a "dog", big', "none"]);
  for (const [label, predicted] of [[0, 0], [0, 0], [0, 1], [1, 1]]) matrix.add(label, predicted);
  const { top1, mean_per_class, per_class } = matrix.scores();
  assertEquals([top1, mean_per_class], [0.75, (2 / 3 + 1) / 2]);
  assertEquals(per_class, { cat: 2 / 3, 'a "dog", big': 1, none: null });
  const dog = '"a ""dog"", big"';
  assertEquals(matrix.toCsv(), `class,cat,${dog},none\r\ncat,2,1,0\r\n${dog},0,1,0\r\nnone,0,0,0\r\n`);
});

Deno.test("SgdHeads trains a head a rate on the same batches, the last of an epoch what is left", () => {
  const rows = Float32Array.of(1, 0, 0, 1, 2, 0, 0, 2, 1, 0), labels = Int32Array.of(0, 1, 0, 1, 0);
  const options = { dim: 2, classes: 2, steps: 60, momentum: 0.9 };
  const both = new SgdHeads({ ...options, rates: [0.01, 0.5] }),
    one = new SgdHeads({ ...options, rates: [0.5] });
  const losses = [
    both.train({ rows, labels }, 2),
    ...Array.from({ length: 19 }, () => both.train({ rows, labels }, 2)),
  ];
  for (let epoch = 0; epoch < 20; epoch++) one.train({ rows, labels }, 2);
  assertEquals(both.heads[1], one.heads[0]);
  assert(losses[0][1] > losses[19][1] && losses[19][0] > losses[19][1], JSON.stringify(losses));
  assertEquals(accuracyOf(classify(both.heads[1], rows, labels)), 1);
});
