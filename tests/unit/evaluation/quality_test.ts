import { assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { RandomStream } from "../../../src/domain/philox.ts";
import { HeadsWorker } from "../../../src/evaluation/heads_worker.ts";
import { embeddingQuality } from "../../../src/evaluation/quality.ts";
import { rankMe } from "../../../src/evaluation/rankme.ts";

const random = (n: number, dim: number, seed: number) => {
  const stream = new RandomStream(seed, 95);
  return Float32Array.from({ length: n * dim }, (_, i) => (1 + i % dim) * stream.normal());
};
const unitRows = (rows: Float32Array, dim: number): number[][] =>
  Array.from({ length: rows.length / dim }, (_, n) => {
    const row = [...rows.subarray(n * dim, (n + 1) * dim)], length = Math.hypot(...row);
    return row.map((v) => v / length);
  });
const squared = (a: number[], b: number[]) => a.reduce((sum, v, i) => sum + (v - b[i]) ** 2, 0);

Deno.test("embeddingQuality() is what the definitions say, written out", () => {
  const dim = 6, rows = random(40, dim, 1), [first, second] = [random(9, dim, 2), random(9, dim, 3)];
  const quality = embeddingQuality(rows, dim, [first, second]), unit = unitRows(rows, dim);
  const pairs = unit.flatMap((x, a) =>
    unit.filter((_, b) => b !== a).map((y) => Math.exp(-2 * squared(x, y)))
  );
  assertAlmostEquals(quality.uniformity, Math.log(pairs.reduce((a, b) => a + b) / pairs.length), 1e-12);
  const others = unitRows(second, dim), distances = unitRows(first, dim).map((x, n) => squared(x, others[n]));
  assertAlmostEquals(quality.alignment!, distances.reduce((a, b) => a + b) / 9, 1e-12);
  const deviations = Array.from({ length: dim }, (_, d) => {
    const column = unit.map((row) => row[d]), mean = column.reduce((a, b) => a + b) / 40;
    return Math.sqrt(column.reduce((sum, v) => sum + (v - mean) ** 2, 0) / 40);
  });
  assertAlmostEquals(quality.feature_std, deviations.reduce((a, b) => a + b) / dim, 1e-12);
  assertEquals(quality.rankme, rankMe(rows, dim));
});

Deno.test("embeddingQuality() tells a collapse from the best there is", () => {
  const same = embeddingQuality(new Float32Array(40).fill(3), 4);
  assertAlmostEquals(same.rankme, 1, 1e-4);
  assertAlmostEquals(same.uniformity + same.feature_std, 0, 1e-12);
  const axes = embeddingQuality(Float32Array.of(1, 0, 0, 1, -1, 0, 0, -1), 2);
  assertAlmostEquals(axes.feature_std, Math.SQRT1_2, 1e-12); // 1/√d
  assertAlmostEquals(axes.rankme, 2, 1e-4);
  assertEquals(axes.alignment, undefined);
  assertThrows(() => embeddingQuality(Float32Array.of(1, 2), 2), RangeError, "at least 2 needed, got 1");
});

Deno.test("HeadsWorker answers from its thread, passes refusals on, and ends when it is told to", async () => {
  const stop = new AbortController(), worker = new HeadsWorker(stop.signal);
  const train = { rows: random(60, 3, 4), labels: Int32Array.from({ length: 60 }, (_, n) => n % 2) };
  const common = { train, dim: 3, classes: 2, tolerance: 1e-9, maxIterations: 500 }, seen: number[] = [];
  const told = { ...common, held: train, lambdas: [0.1, 10, 1] };
  const points = await worker.ask("sweep", told, (share) => seen.push(share));
  assertEquals(points.map(({ lambda }) => lambda), [0.1, 10, 1]);
  assertEquals(seen, [1 / 3, 2 / 3, 1]);
  await assertRejects(() => worker.ask("fit", { ...common, lambda: -1 }), RangeError, "got -1");
  await assertRejects(() => worker.ask("heads", null), RangeError, "nothing was begun");
  const waiting = worker.ask("sweep", { ...told, lambdas: Array(100).fill(1e-9) });
  stop.abort(new Error("enough"));
  await assertRejects(() => waiting, Error, "enough");
  worker.close();
});
