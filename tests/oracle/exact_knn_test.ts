import { assertEquals, assertRejects } from "@std/assert";
import { RandomStream } from "../../src/domain/philox.ts";
import { classifyByNeighbours } from "../../src/evaluation/exact_knn.ts";
import type { LabelledEmbeddings } from "../../src/evaluation/knn.ts";
import { pipelines } from "./oracle.ts";

const never = new AbortController().signal;

/** Rows about one direction, `apart` from it: so near that f32 cannot tell them apart, where that is small. */
function crowd(count: number, dim: number, classes: number, seed: number, apart: number): LabelledEmbeddings {
  const random = new RandomStream(seed, 95), rows = new Float32Array(count * dim);
  const labels = Int32Array.from({ length: count }, () => random.below(classes));
  for (let i = 0; i < rows.length; i++) rows[i] = 1 + apart * random.normal();
  return { rows, labels };
}

/** The formula, in float64: neighbours by cosine, earlier rows first among equals; votes; the lower class among equals. */
function reference(
  bank: LabelledEmbeddings,
  queries: LabelledEmbeddings,
  dim: number,
  k: number,
  temperature: number,
) {
  const row = ({ rows }: LabelledEmbeddings, n: number) => rows.subarray(n * dim, (n + 1) * dim);
  const length = (v: Float32Array) => Math.sqrt(v.reduce((sum, x) => sum + x * x, 0));
  return Array.from(queries.labels, (_, q) => {
    const query = row(queries, q), scale = 1 / length(query);
    const near = Array.from(bank.labels, (label, n) => {
      const other = row(bank, n), dot = query.reduce((sum, v, i) => sum + v * other[i], 0);
      return { label, cosine: dot * scale * (1 / length(other)) };
    }).sort((a, b) => b.cosine - a.cosine).slice(0, k);
    const votes = new Map<number, number>();
    for (const { label, cosine } of near) {
      votes.set(label, (votes.get(label) ?? 0) + Math.exp((cosine - near[0].cosine) / temperature));
    }
    return [...votes].sort((a, b) => b[1] - a[1] || a[0] - b[0])[0][0];
  });
}

for (
  const { bank, queries, dim, apart } of [
    { bank: 700, queries: 40, dim: 9, apart: 1 },
    { bank: 1500, queries: 12, dim: 16, apart: 1e-4 }, // cosines that f32 does not tell apart
    { bank: 3, queries: 5, dim: 2, apart: 1 },
  ]
) {
  Deno.test(`classifyByNeighbours() is float64's to the last vote, ${queries} queries, ${bank} rows ${apart} apart`, async () => {
    const known = crowd(bank, dim, 5, 2, apart), asked = crowd(queries, dim, 5, 3, apart), ks = [1, 20, 2000];
    known.rows.copyWithin(dim, 0, dim); // the second row is the first
    for (const temperature of [0.05, 1]) {
      const given = await classifyByNeighbours(pipelines, known, asked, dim, { ks, temperature }, never);
      for (const [i, k] of ks.entries()) {
        assertEquals([...given[i]], reference(known, asked, dim, k, temperature), `k ${k}`);
      }
    }
  });
}

Deno.test("classifyByNeighbours() takes the earlier of equally near rows and the lower of equally voted classes, and stops", async () => {
  const bank = { rows: Float32Array.of(1, 0, 2, 0, 4, 0), labels: Int32Array.of(2, 1, 1) };
  const query = { rows: Float32Array.of(1, 0), labels: Int32Array.of(1) },
    options = { ks: [1, 2, 3], temperature: 1 };
  const given = await classifyByNeighbours(pipelines, bank, query, 2, options, never);
  assertEquals(given.map(([label]) => label), [2, 1, 1]);
  const stopped = AbortSignal.abort(new Error("enough"));
  await assertRejects(
    () => classifyByNeighbours(pipelines, bank, query, 2, options, stopped),
    Error,
    "enough",
  );
});
