import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { RandomStream } from "../../src/domain/philox.ts";
import { NeighborBank } from "../../src/evaluation/neighbor_bank.ts";
import { searchNeighbors } from "../../src/evaluation/neighbor_search.ts";
import { pipelines, pipelinesWith } from "./oracle.ts";

interface Rows {
  dim: number;
  values: Float32Array;
}
const rowOf = ({ dim, values }: Rows, n: number) => values.subarray(n * dim, (n + 1) * dim);
const stored = (rows: Rows) => ({
  row: (n: number) => rowOf(rows, n),
  async *stretches() {
    yield await Promise.resolve({ first: 0, values: rows.values });
  },
});

function random(count: number, dim: number, seed: number, make: (random: RandomStream) => number): Rows {
  const stream = new RandomStream(seed, 93);
  return { dim, values: Float32Array.from({ length: count * dim }, () => make(stream)) };
}
const normal = (stream: RandomStream) => stream.normal();
/** As a network's last activations are: none is negative, and all rows point much the same way. */
const rectified = (stream: RandomStream) => 1 + Math.max(0, 0.05 * stream.normal());
/** Few distinct rows, so that most are ties. */
const coarse = (stream: RandomStream) => stream.below(2);

/** Straight from the formula, in float64. */
function truth(bank: Rows, query: Float32Array, k: number, eligible: (n: number) => boolean) {
  const near: { row: number; cosine: number }[] = [];
  for (let n = 0; n < bank.values.length / bank.dim; n++) {
    if (!eligible(n)) continue;
    const row = rowOf(bank, n);
    const product = row.reduce((sum, value, c) => sum + value * query[c], 0);
    const length = (of: Float32Array) => Math.sqrt(of.reduce((sum, value) => sum + value * value, 0));
    near.push({ row: n, cosine: product === 0 ? 0 : product / (length(row) * length(query)) });
  }
  return near.sort((a, b) => b.cosine - a.cosine || a.row - b.row).slice(0, k);
}

async function bankOf(rows: Rows, on = pipelines): Promise<NeighborBank> {
  const count = rows.values.length / rows.dim, bank = await NeighborBank.create(on, count, rows.dim);
  const middle = Math.floor(count / 3) * rows.dim; // in two pieces
  bank.write(0, rows.values.subarray(0, middle));
  bank.write(middle / rows.dim, rows.values.subarray(middle));
  return bank;
}

for (
  const [name, make, count, dim, k, queries] of [
    ["one row", normal, 1, 16, 5, 1],
    ["random rows", normal, 5000, 64, 1000, 3],
    ["random rows of several tiles", normal, 40_000, 512, 100, 17],
    ["rows that point much the same way", rectified, 20_000, 64, 200, 6],
    ["mostly ties", coarse, 3000, 8, 50, 70],
  ] as const
) {
  Deno.test(`searchNeighbors() finds float64's neighbours to the last one: ${name}`, async () => {
    const rows = random(count, dim, 1, make), asked = random(queries, dim, 2, make);
    const bank = await bankOf(rows);
    const each = Array.from({ length: queries }, (_, q) => rowOf(asked, q));
    const found = await searchNeighbors(bank, stored(rows), each, { k });
    for (const q of new Set([0, Math.floor(queries / 2), queries - 1])) {
      const expected = truth(rows, each[q], k, () => true);
      assertEquals(found[q].map(({ row }) => row), expected.map(({ row }) => row), `query ${q}`);
      for (const [i, { cosine }] of found[q].entries()) {
        assertAlmostEquals(cosine, expected[i].cosine, 1e-12);
      }
    }
    bank.destroy();
  });
}

Deno.test("searchNeighbors() looks at every row where halves tell none apart, and takes the lowest numbers of equal ones", async () => {
  const rows = { dim: 16, values: new Float32Array(16 * 150_000).fill(0.3) };
  const bank = await bankOf(rows), query = new Float32Array(16).fill(2);
  const [near] = await searchNeighbors(bank, stored(rows), [query], {
    k: 4,
    eligible: (_, row) => row !== 1,
  });
  assertEquals(near.map(({ row }) => row), [0, 2, 3, 4]);
  bank.destroy();
});

Deno.test("searchNeighbors() passes over what is not eligible, gives fewer where there are not k, and takes zeros", async () => {
  const rows = random(300, 32, 3, normal);
  rows.values.fill(0, 5 * 32, 6 * 32);
  const bank = await bankOf(rows), odd = (_: number, row: number) => row % 2 === 1;
  const asked = [rowOf(rows, 7), new Float32Array(32)];
  const found = await searchNeighbors(bank, stored(rows), asked, { k: 500, eligible: odd });
  assertEquals(found.map((near) => near.length), [150, 150]);
  assertEquals(
    found[0].map(({ row }) => row),
    truth(rows, asked[0], 500, (n) => n % 2 === 1).map(({ row }) => row),
  );
  assertEquals(found[0].find(({ row }) => row === 5)!.cosine, 0);
  assertEquals(found[1].slice(0, 3), [1, 3, 5].map((row) => ({ row, cosine: 0 })));
  const signal = AbortSignal.abort(new Error("enough"));
  await assertRejects(() => searchNeighbors(bank, stored(rows), asked, { k: 1, signal }), Error, "enough");
  bank.destroy();
});

Deno.test("NeighborBank's cosines are within its slack of the true ones, by every kernel", async () => {
  const rows = random(3000, 512, 4, (stream) => stream.normal() * 10 ** stream.uniform(-6, 0));
  const asked = random(5, 512, 5, normal);
  for (const on of [pipelines, pipelinesWith({ ...pipelines.capabilities, subgroupSize: undefined })]) {
    const bank = await bankOf(rows, on);
    for (const count of [1, 5]) {
      for await (const { first, values, stride } of bank.cosines(asked.values.subarray(0, count * 512))) {
        for (let r = 0; r < values.length / stride; r += 97) {
          for (let q = 0; q < count; q++) {
            const [{ cosine }] = truth(
              { dim: 512, values: rowOf(rows, first + r) },
              rowOf(asked, q),
              1,
              () => true,
            );
            const error = Math.abs(values[r * stride + q] - cosine);
            assert(error <= bank.slack, `${error} > ${bank.slack}`);
          }
        }
      }
    }
    assert(bank.slack < 2e-3, `${bank.slack} is too much to tell neighbours apart`);
    assert(bank.rows * 1024 <= NeighborBank.bytesFor(on, bank.rows, 512));
    bank.destroy();
  }
});
