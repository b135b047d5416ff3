import { assert, assertEquals, assertThrows } from "@std/assert";
import { RandomStream } from "../../../src/domain/philox.ts";
import { type ArenaPlan, type Lifetime, planArena } from "../../../src/gpu/arena.ts";

const KIB = 1024;
const tensor = (bytes: number, first: number, last: number, apart: number[] = []): Lifetime => ({
  bytes,
  first,
  last,
  apart: new Set(apart),
});

/** Asserts what makes a layout usable: nothing alive at once overlaps, and what must be apart is in other slabs. */
function expectSound(lifetimes: Lifetime[], { placements, slabBytes, peakBytes }: ArenaPlan): void {
  const end = (i: number) => placements[i].offset + lifetimes[i].bytes;
  for (const [i, a] of lifetimes.entries()) {
    assertEquals(placements[i].offset % 256, 0);
    assert(end(i) <= slabBytes[placements[i].slab]);
    for (let j = 0; j < i; j++) {
      if (placements[i].slab !== placements[j].slab) continue;
      assert(!a.apart.has(j) && !lifetimes[j].apart.has(i), `${i} and ${j} must be apart`);
      const together = a.first <= lifetimes[j].last && lifetimes[j].first <= a.last;
      const overlap = placements[i].offset < end(j) && placements[j].offset < end(i);
      assert(!(together && overlap), `${i} and ${j} are alive at once and overlap`);
    }
  }
  assert(slabBytes.reduce((a, b) => a + b, 0) >= peakBytes);
}

Deno.test("tensors that are not alive at once share memory", () => {
  const chain = Array.from({ length: 10 }, (_, i) => tensor(KIB, i, i + 1));
  const plan = planArena(chain, KIB * KIB);
  expectSound(chain, plan);
  assertEquals([plan.slabBytes, plan.peakBytes], [[2 * KIB], 2 * KIB]);
});

Deno.test("a small tensor goes into the gap of a large one that is dead", () => {
  const lifetimes = [tensor(4 * KIB, 0, 1), tensor(KIB, 2, 3), tensor(2 * KIB, 2, 3), tensor(KIB, 2, 2)];
  const plan = planArena(lifetimes, KIB * KIB);
  expectSound(lifetimes, plan);
  assertEquals(plan.slabBytes, [4 * KIB]);
});

Deno.test("tensors that one dispatch reads and writes lie in different slabs", () => {
  const lifetimes = [tensor(KIB, 0, 1), tensor(KIB, 1, 2, [0]), tensor(KIB, 2, 3, [1])];
  lifetimes[0] = { ...lifetimes[0], apart: new Set([1]) };
  lifetimes[1] = { ...lifetimes[1], apart: new Set([0, 2]) };
  const plan = planArena(lifetimes, KIB * KIB);
  expectSound(lifetimes, plan);
  assertEquals(plan.slabBytes, [KIB, KIB]);
});

Deno.test("no slab exceeds the largest buffer, and a tensor that would is refused", () => {
  const lifetimes = Array.from({ length: 5 }, () => tensor(KIB, 0, 9));
  const plan = planArena(lifetimes, 2 * KIB);
  expectSound(lifetimes, plan);
  assertEquals(plan.slabBytes, [2 * KIB, 2 * KIB, KIB]);
  assertThrows(() => planArena([tensor(3 * KIB, 0, 0)], 2 * KIB), RangeError, "3072 bytes");
});

Deno.test("forty random recordings are laid out soundly", () => {
  for (let seed = 0; seed < 40; seed++) {
    const random = new RandomStream(seed, 99), count = 20 + random.below(100);
    const lifetimes = Array.from({ length: count }, () => {
      const first = random.below(60);
      return tensor(1 + random.below(20 * KIB), first, first + random.below(seed % 2 ? 4 : 50));
    });
    for (let i = 1; i < count; i++) {
      const j = random.below(i);
      (lifetimes[i].apart as Set<number>).add(j);
      (lifetimes[j].apart as Set<number>).add(i);
    }
    expectSound(lifetimes, planArena(lifetimes, 200 * KIB));
  }
});
