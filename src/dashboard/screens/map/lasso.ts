import type { Point } from "./camera.ts";

/**
 * The points within a closed line, by the even-odd rule: what it goes round twice is outside.
 *
 * @param positions x and y of each point. @param eligible Which may be chosen, by their numbers.
 */
export function pointsWithin(
  line: readonly Point[],
  positions: Float32Array,
  eligible: (n: number) => boolean = () => true,
): number[] {
  if (line.length < 3) return [];
  const xs = Float64Array.from(line, ({ x }) => x), ys = Float64Array.from(line, ({ y }) => y);
  const least = { x: Math.min(...xs), y: Math.min(...ys) }, most = { x: Math.max(...xs), y: Math.max(...ys) };
  const found: number[] = [];
  for (let n = 0; 2 * n < positions.length; n++) {
    const x = positions[2 * n], y = positions[2 * n + 1];
    if (!(x >= least.x && x <= most.x && y >= least.y && y <= most.y)) continue;
    let inside = false;
    for (let i = 0, j = xs.length - 1; i < xs.length; j = i++) {
      const crosses = ys[i] > y !== ys[j] > y;
      if (crosses && x < ((xs[j] - xs[i]) * (y - ys[i])) / (ys[j] - ys[i]) + xs[i]) inside = !inside;
    }
    if (inside && eligible(n)) found.push(n);
  }
  return found;
}

/** A line with no two points nearer than `px`: a mouse tells hundreds a second. */
export function thinned(line: readonly Point[], px = 3): Point[] {
  const kept: Point[] = [];
  for (const point of line) {
    const last = kept.at(-1);
    if (!last || Math.hypot(point.x - last.x, point.y - last.y) >= px) kept.push(point);
  }
  return kept;
}
