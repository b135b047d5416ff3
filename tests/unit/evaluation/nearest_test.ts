import { assert, assertEquals } from "@std/assert";
import { RandomStream } from "../../../src/domain/philox.ts";
import { Candidates, cosineOf, Nearest } from "../../../src/evaluation/nearest.ts";

Deno.test("Candidates keeps all that may be among the k nearest, however the rounding fell, and few others", () => {
  const random = new RandomStream(1, 94), count = 20_000, slack = 1e-3, k = 50;
  const truth = Array.from({ length: count }, () => random.normal() / 10);
  const candidates = new Candidates(k, slack);
  for (const [n, cosine] of truth.entries()) {
    const seen = cosine + slack * random.uniform(-1, 1);
    if (seen >= candidates.floor) candidates.offer(n, seen);
  }
  const nearest = [...truth.keys()].sort((a, b) => truth[b] - truth[a]).slice(0, k);
  const rows = candidates.rows()!;
  assertEquals(nearest.filter((n) => !rows.includes(n)), []);
  assert(rows.length < 4 * k, `${rows.length} candidates`);
});

Deno.test("Candidates keeps equal ones, however many, until there are too many to choose from", () => {
  const equal = (count: number) => {
    const candidates = new Candidates(3, 0);
    for (let n = 0; n < count; n++) if (0.5 >= candidates.floor) candidates.offer(n, 0.5);
    return candidates.rows();
  };
  assertEquals(equal(20_000)!.length, 20_000);
  assertEquals(equal(200_000), undefined);
});

Deno.test("Candidates of less than k rows are all of them", () => {
  const candidates = new Candidates(5, 0.1);
  for (const n of [3, 1, 2]) candidates.offer(n, -n);
  assertEquals(candidates.rows(), Uint32Array.of(1, 2, 3));
});

Deno.test("Nearest lists the nearest first, and of equally near rows the lower number", () => {
  const nearest = new Nearest(3);
  for (let n = 9999; n >= 0; n--) nearest.add(n, n % 100 === 7 ? 0.9 : -0.5);
  assertEquals(nearest.list(), [7, 107, 207].map((row) => ({ row, cosine: 0.9 })));
});

Deno.test("cosineOf() is within −1 … 1 whatever the lengths, and 0 of a row of zeros", () => {
  const a = Float32Array.of(3e38, 3e38, 1e-30), tiny = Float32Array.of(1e-44, 1e-44, 0);
  for (const [x, y, expected] of [[a, a, 1], [a, tiny, 1], [a, a.map((v) => -v), -1]] as const) {
    const cosine = cosineOf(x, y);
    assert(Math.abs(cosine - expected) < 1e-12 && Math.abs(cosine) <= 1, `${cosine}`);
  }
  assertEquals(cosineOf(a, new Float32Array(3)), 0);
});
