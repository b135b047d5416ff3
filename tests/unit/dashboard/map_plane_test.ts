import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import {
  boundsOf,
  coreOf,
  fit,
  pan,
  toPlane,
  toScreen,
  zoomAt,
} from "../../../src/dashboard/screens/map/camera.ts";
import { pointsWithin, thinned } from "../../../src/dashboard/screens/map/lasso.ts";
import { groupBy, lookOf } from "../../../src/dashboard/screens/map/looks.ts";
import { looksOf, rgb } from "../../../src/dashboard/screens/map/palette.ts";
import { PointGrid } from "../../../src/dashboard/screens/map/point_grid.ts";
import { mixedOrder, statesOf } from "../../../src/dashboard/screens/map/point_states.ts";
import { RandomStream } from "../../../src/domain/philox.ts";

const SIZE = { width: 600, height: 400 };
const cloud = (count: number, seed = 3): Float32Array => {
  const random = new RandomStream(seed, 1, 0);
  return Float32Array.from({ length: 2 * count }, () => random.uniform(-5, 5));
};

Deno.test("camera: what fits is within the margins, and a place on the screen is one of the plane", () => {
  const positions = cloud(500), camera = fit(boundsOf(positions), SIZE);
  for (let n = 0; n < 500; n++) {
    const at = { x: positions[2 * n], y: positions[2 * n + 1] }, seen = toScreen(camera, SIZE, at);
    assert(seen.x >= 27 && seen.x <= 573 && seen.y >= 27 && seen.y <= 373, JSON.stringify(seen));
    const back = toPlane(camera, SIZE, seen);
    assertAlmostEquals(back.x, at.x, 1e-9);
    assertAlmostEquals(back.y, at.y, 1e-9);
  }
});

Deno.test("camera: a few far points do not make the others small; one point, or a line of them, is fitted too", () => {
  const positions = cloud(1000);
  positions.set([1e6, -1e6], 0);
  const [x0, y0, x1, y1] = coreOf(positions);
  assert(x0 >= -7 && x1 <= 7 && y0 >= -7 && y1 <= 7, `${[x0, y0, x1, y1]}`);
  for (const few of [[3, 4], [1, 2, 1, 8, 1, 5], [NaN, NaN, 2, 2]]) {
    const { x, y, scale } = fit(coreOf(Float32Array.from(few)), SIZE);
    assert([x, y, scale].every(Number.isFinite), `${few}`);
  }
  assertEquals(boundsOf(new Float32Array(0)), [-1, -1, 1, 1]);
});

Deno.test("camera: what is under the pointer stays there while it zooms, within limits", () => {
  const camera = fit([0, 0, 10, 10], SIZE), at = { x: 130, y: 222 };
  const before = toPlane(camera, SIZE, at), nearer = zoomAt(camera, SIZE, at, 3, camera.scale);
  const after = toPlane(nearer, SIZE, at);
  assertAlmostEquals(after.x, before.x, 1e-9);
  assertAlmostEquals(after.y, before.y, 1e-9);
  assertAlmostEquals(nearer.scale, 3 * camera.scale);
  assertEquals(zoomAt(camera, SIZE, at, 1e9, camera.scale).scale, 400 * camera.scale);
  const moved = toScreen(pan(camera, 10, -20), SIZE, before);
  assertAlmostEquals(moved.x, at.x + 10);
  assertAlmostEquals(moved.y, at.y - 20);
});

Deno.test("lasso: the points within a concave line, and of it where it crosses itself those gone round once", () => {
  const square = [{ x: 0, y: 0 }, { x: 4, y: 0 }, { x: 4, y: 4 }, { x: 2, y: 1 }, { x: 0, y: 4 }];
  const positions = Float32Array.from([1, 1, 2, 3, 3.5, 3, 5, 1, NaN, 1]);
  assertEquals(pointsWithin(square, positions), [0, 2]);
  assertEquals(pointsWithin(square, positions, (n) => n !== 0), [2]);
  const bow = [{ x: 0, y: 0 }, { x: 4, y: 4 }, { x: 4, y: 0 }, { x: 0, y: 4 }];
  assertEquals(pointsWithin(bow, Float32Array.from([0.5, 2, 3.5, 2, 2, 0.5])), [0, 1]);
  assertEquals(pointsWithin(square.slice(0, 2), positions), []);
  assertEquals(thinned([{ x: 0, y: 0 }, { x: 1, y: 0 }, { x: 3, y: 0 }, { x: 9, y: 0 }]).length, 3);
});

Deno.test("PointGrid.nearest() is the nearest of all that are eligible, within its radius", () => {
  for (const count of [1, 7, 2000]) {
    const positions = cloud(count), grid = new PointGrid(positions), random = new RandomStream(9, 1, 0);
    const eligible = (n: number) => n % 3 !== 1;
    for (let i = 0; i < 200; i++) {
      const x = random.uniform(-6, 6), y = random.uniform(-6, 6), radius = random.uniform(0.05, 2);
      const all = Array.from({ length: count }, (_, n) => ({
        n,
        far: Math.hypot(positions[2 * n] - x, positions[2 * n + 1] - y),
      })).filter(({ n, far }) => eligible(n) && far <= radius).sort((a, b) => a.far - b.far);
      assertEquals(grid.nearest(x, y, radius, eligible), all[0]?.n);
    }
  }
  const line = new PointGrid(Float32Array.from([0, 1, 5, 1, NaN, NaN, 9, 1]));
  assertEquals([line.nearest(4, 1, 2, () => true), line.nearest(7, 3, 1, () => true)], [1, undefined]);
});

Deno.test("looks: fifty groups look different, and next ones by shape, too; what has none is a group of its own", () => {
  const looks = Array.from({ length: 50 }, (_, place) => lookOf(place));
  assertEquals(new Set(looks.map(({ colour, shape }) => `${colour} ${shape}`)).size, 50);
  assert(looks.every(({ shape }, i) => i === 0 || shape !== looks[i - 1].shape));
  const grouping = groupBy(["a", "b"], Int16Array.from([1, 0, -1, 1]));
  assertEquals(grouping.groups.map(({ name, count }) => [name, count]), [["a", 1], ["b", 2], [
    "no class",
    1,
  ]]);
  assertEquals([...grouping.of], [1, 0, 2, 1]);
  const drawn = looksOf(grouping, (token) => ({ "--text-3": "#010203" })[token] ?? "#ffee00");
  assertEquals([...drawn.slice(4, 12)], [...rgb("#ffee00"), 0, 1, 2, 3, 0]);
  const positions = Float32Array.from([0, 0, 1, 1, 2, 2, NaN, NaN]);
  assertEquals([...statesOf(positions, grouping, new Set([2]), [1])], [1, 3, 0, 0]);
  assertEquals([...statesOf(positions, grouping, new Set(), undefined)], [2, 2, 2, 0]);
});

Deno.test("mixedOrder() has every number once", () => {
  for (const count of [0, 1, 2, 10, 997, 1000]) {
    assertEquals([...mixedOrder(count)].sort((a, b) => a - b), [...Array(count).keys()]);
  }
});
