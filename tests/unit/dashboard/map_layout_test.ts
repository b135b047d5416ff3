import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { nearestRows } from "../../../src/dashboard/screens/map/nearest_rows.ts";
import { readNpy } from "../../../src/dashboard/screens/map/npy.ts";
import { layOut } from "../../../src/dashboard/screens/map/umap.ts";
import { npyHeader } from "../../../src/domain/npy.ts";
import { RandomStream } from "../../../src/domain/philox.ts";

const COLUMNS = 6, CLUSTERS = 3;

/** Three clouds far from each other, row n in the one of n mod 3. */
function clusters(count: number): Float32Array {
  const random = new RandomStream(5, 1, 0);
  return Float32Array.from({ length: count * COLUMNS }, (_, i) => {
    const cluster = Math.floor(i / COLUMNS) % CLUSTERS;
    return (i % COLUMNS === cluster ? 10 : 0) + random.uniform(-1, 1);
  });
}

Deno.test("readNpy() reads what the API writes, and refuses what it does not", () => {
  const values = Float32Array.from([1, 2.5, -3, 4, 5, 6]), head = npyHeader(3, 2);
  const bytes = new Uint8Array(head.length + values.byteLength);
  bytes.set(head);
  bytes.set(new Uint8Array(values.buffer), head.length);
  assertEquals(readNpy(bytes.buffer), { values, rows: 3, columns: 2 });
  const other = new TextDecoder("latin1").decode(head).replace("<f4", "<f8");
  assertThrows(
    () => readNpy(Uint8Array.from(other, (letter) => letter.charCodeAt(0)).buffer),
    Error,
    "must be f32",
  );
  assertThrows(() => readNpy(new TextEncoder().encode("<!doctype html>").buffer), Error, "no npy file");
});

Deno.test("nearestRows() is what sorting all distances gives", () => {
  const base = clusters(200), queries = clusters(20);
  for (let row = 0; row < 20; row++) {
    const all = Array.from({ length: 200 }, (_, n) => {
      const far = (c: number) => queries[row * COLUMNS + c] - base[n * COLUMNS + c];
      return { n, distance: Math.hypot(...Array.from({ length: COLUMNS }, (_, c) => far(c))) };
    }).filter(({ n }) => n !== row).sort((a, b) => a.distance - b.distance).slice(0, 7);
    const { rows, distances } = nearestRows(base, queries, COLUMNS, row, 7, row);
    assertEquals(rows, all.map(({ n }) => n));
    for (const [i, distance] of distances.entries()) assertAlmostEquals(distance, all[i].distance, 1e-5);
  }
  assertEquals(nearestRows(base.subarray(0, 2 * COLUMNS), queries, COLUMNS, 0, 7, 0).rows, [1]);
});

/** The share of points whose nearest other one in the plane is of their cluster. */
function kept(positions: Float32Array): number {
  const count = positions.length / 2;
  let same = 0;
  for (let n = 0; n < count; n++) {
    const { rows } = nearestRows(positions, positions, 2, n, 1, n);
    if (rows[0] % CLUSTERS === n % CLUSTERS) same++;
  }
  return same / count;
}

Deno.test("layOut() keeps clusters, tells how far it is, and is the same each time", () => {
  const values = clusters(150), stages: string[] = [], partial: number[] = [];
  const positions = layOut({ values, columns: COLUMNS }, (stage, done, total, places) => {
    if (stages.at(-1) !== stage) stages.push(stage);
    assert(done <= total);
    if (places) partial.push(places.length);
  });
  assertEquals(stages, ["neighbours", "graph", "layout"]);
  assert(partial.length > 5 && partial.every((length) => length === positions.length));
  assert(positions.every(Number.isFinite));
  assert(kept(positions) > 0.98, `${kept(positions)}`);
  assertEquals(layOut({ values, columns: COLUMNS }, () => {}), positions);
});

Deno.test("layOut() of more rows than it lays out places the others by their nearest", () => {
  const values = clusters(240), stages = new Set<string>();
  const positions = layOut({ values, columns: COLUMNS }, (stage) => stages.add(stage), 90);
  assert(stages.has("placing"));
  assert(positions.every(Number.isFinite));
  assert(kept(positions) > 0.98, `${kept(positions)}`);
});

Deno.test("layOut() of hardly any rows, or of equal ones, ends", () => {
  for (const count of [0, 1, 2, 3, 5]) {
    const positions = layOut({ values: clusters(count), columns: COLUMNS }, () => {});
    assertEquals(positions.length, 2 * count);
    assert(positions.every(Number.isFinite), `${count}: ${positions}`);
  }
  const same = layOut({ values: new Float32Array(40 * COLUMNS).fill(2), columns: COLUMNS }, () => {});
  assert(same.every(Number.isFinite), `${same}`);
});
