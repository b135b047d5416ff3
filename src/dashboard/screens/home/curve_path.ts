/** The box that a small curve is drawn in. */
export const WIDTH = 600, HEIGHT = 100, MARGIN = 3;

/** The path of a curve within a box, its extremes at the edges; a flat one is in the middle. */
export function pathOf(points: readonly (readonly [x: number, y: number])[]): string {
  const xs = points.map(([x]) => x), ys = points.map(([, y]) => y);
  const [left, right, least, most] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const spanX = right - left || 1, spanY = most - least;
  return points.map(([x, y], n) => {
    const share = spanY === 0 ? 0.5 : (most - y) / spanY;
    const at = [(WIDTH * (x - left)) / spanX, MARGIN + share * (HEIGHT - 2 * MARGIN)];
    return `${n === 0 ? "M" : "L"}${at.map((value) => value.toFixed(1)).join(" ")}`;
  }).join("");
}
