import { assert, assertEquals } from "@std/assert";
import { CollapseWatch } from "../../../src/byol/collapse.ts";

/** The steps at which a watch over `rows`, one every ten steps, says something. */
function told(rows: readonly Record<string, number>[], tau = 0.99): [number, string][] {
  const watch = new CollapseWatch({ dimensions: 64, tau });
  return rows.flatMap((row, i) => {
    const text = watch.observe(10 * i, row);
    return text === undefined ? [] : [[10 * i, text] as [number, string]];
  });
}
const HEALTHY = { projection_std: 0.8 / 8, dead_features: 0, target_cosine: 0.75 };
const rows = (count: number, more: Record<string, number>) =>
  Array.from({ length: count }, () => ({ ...HEALTHY, ...more }));

Deno.test("CollapseWatch says nothing of a run that is well, or weak for a moment", () => {
  assertEquals(told(rows(100, {})), []);
  assertEquals(
    told([...rows(5, { projection_std: 0.01 }), ...rows(5, {}), ...rows(5, { projection_std: 0.01 })]),
    [],
  );
  assertEquals(told(rows(25, { target_cosine: 0.3 })), []); // as long as the target's memory, it may lag
  assertEquals(told(rows(50, {}).map(() => ({}))), []);
});

Deno.test("CollapseWatch tells of projections that are nearly one, of dead features, and of a target that stands", () => {
  for (
    const [row, step, words] of [
      [{ projection_std: 0.25 / 8 }, 50, "the projections of different images are nearly one"],
      [{ dead_features: 0.95 }, 50, "95 % of the encoder's features are 0"],
      [{ target_cosine: 0.4 }, 300, "the target does not follow"],
    ] as const
  ) {
    const said = told(rows(100, row));
    assertEquals(said.map(([at]) => at), [step]); // and once only
    assert(said[0][1].startsWith(words), said[0][1]);
  }
  assertEquals(told(rows(100, { target_cosine: 0.4 }), 0.9).map(([at]) => at), [50]);
  assertEquals(told(rows(400, { target_cosine: 0.4 }), 1).map(([at]) => at), [3000]);
});

Deno.test("CollapseWatch takes a recovery for one, and tells of the next collapse too", () => {
  const bad = rows(6, { projection_std: 0 }), watch = new CollapseWatch({ dimensions: 64, tau: 0.99 });
  assertEquals(told([...bad, ...rows(1, {}), ...bad]).map(([at]) => at), [50, 120]);
  for (const [i, row] of bad.entries()) {
    watch.observe(10 * i, row);
    assertEquals(watch.suspicious, true);
  }
  assert(watch.collapsed);
  watch.observe(60, HEALTHY);
  assertEquals([watch.suspicious, watch.collapsed], [false, undefined]);
});
