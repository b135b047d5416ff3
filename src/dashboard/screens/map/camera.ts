/** What is shown of the plane: its middle, and px a unit. The plane's y goes up, the screen's down. */
export interface Camera {
  x: number;
  y: number;
  scale: number;
}
export interface Size {
  width: number;
  height: number;
}
export interface Point {
  x: number;
  y: number;
}

const MARGIN_PX = 28;
/** What lies over the top of the plane: no point is to be fitted under it. */
const TOOLS_PX = 28;
/** How far in, and out, of what fits. */
const MOST_IN = 400, MOST_OUT = 0.1;
/** Of the points on either side of each axis, what may lie outside of what fits: a few far ones leave the others no room. */
const OUTSIDE = 0.005, BEYOND = 0.12;

/** The least and greatest of points' places, `[x0, y0, x1, y1]`; those that are no numbers are passed over. */
export function boundsOf(positions: Float32Array): [number, number, number, number] {
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < positions.length; i += 2) {
    const x = positions[i], y = positions[i + 1];
    if (x < x0) x0 = x;
    if (x > x1) x1 = x;
    if (y < y0) y0 = y;
    if (y > y1) y1 = y;
  }
  return x0 <= x1 && y0 <= y1 ? [x0, y0, x1, y1] : [-1, -1, 1, 1];
}

/** Where points are but for the outermost: what is fitted, so that one far away does not make a dot of all others. */
export function coreOf(positions: Float32Array): [number, number, number, number] {
  const [x0, y0, x1, y1] = boundsOf(positions);
  const [left, right] = core(positions, 0), [low, high] = core(positions, 1);
  if (!(left < right && low < high)) return [x0, y0, x1, y1];
  return [Math.max(x0, left), Math.max(y0, low), Math.min(x1, right), Math.min(y1, high)];
}

function core(positions: Float32Array, axis: 0 | 1): [number, number] {
  const sorted = positions.filter((value, i) => i % 2 === axis && !Number.isNaN(value)).sort();
  const cut = Math.floor(OUTSIDE * sorted.length), low = sorted[cut], high = sorted[sorted.length - 1 - cut];
  const beyond = BEYOND * (high - low);
  return [low - beyond, high + beyond];
}

/** All of the bounds, with a margin, below the tools, one scale for both axes. */
export function fit([x0, y0, x1, y1]: [number, number, number, number], { width, height }: Size): Camera {
  const room = (side: number) => Math.max(1, side - 2 * MARGIN_PX);
  const scale = Math.min(room(width) / ((x1 - x0) || 1), room(height - TOOLS_PX) / ((y1 - y0) || 1));
  return { x: (x0 + x1) / 2, y: (y0 + y1) / 2 + TOOLS_PX / 2 / scale, scale };
}

export const toScreen = ({ x, y, scale }: Camera, { width, height }: Size, at: Point): Point => ({
  x: (at.x - x) * scale + width / 2,
  y: (y - at.y) * scale + height / 2,
});
export const toPlane = ({ x, y, scale }: Camera, { width, height }: Size, at: Point): Point => ({
  x: (at.x - width / 2) / scale + x,
  y: y - (at.y - height / 2) / scale,
});

/** Nearer or farther by a factor, what is under `at` (on the screen) staying there. @param fitted The scale that fits all. */
export function zoomAt(camera: Camera, size: Size, at: Point, factor: number, fitted: number): Camera {
  const scale = Math.min(fitted * MOST_IN, Math.max(fitted * MOST_OUT, camera.scale * factor));
  const there = toPlane(camera, size, at);
  return {
    scale,
    x: there.x - (at.x - size.width / 2) / scale,
    y: there.y + (at.y - size.height / 2) / scale,
  };
}

/** Moved by so many px of the screen. */
export const pan = (camera: Camera, dx: number, dy: number): Camera => ({
  ...camera,
  x: camera.x - dx / camera.scale,
  y: camera.y + dy / camera.scale,
});
