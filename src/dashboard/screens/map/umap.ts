import { UMAP } from "umap-js";
import { type Nearest, nearestRows } from "./nearest_rows.ts";
import { UMAP_MOST, type UmapStage } from "./umap_stages.ts";

const NEIGHBORS = 15;
/** Of those that are laid out, how many a further point is placed by. */
const PLACED_BY = 5;
/** The side of the plane that the layout begins in, as UMAP has it. */
const SIDE = 20;

export type Tell = (stage: UmapStage, done: number, total: number, positions?: Float32Array) => void;

/**
 * UMAP of a table's rows, deterministic: it begins with the first two columns, and its chance has a seed.
 *
 * Of more than `most` rows every so-manieth is laid out; the others stand at the mean of their PLACED_BY nearest of those,
 * weighted by nearness.
 *
 * @param tell Told how far it is, with the places so far once there are any.
 * @returns x and y of each row.
 */
export function layOut(
  { values, columns }: { values: Float32Array; columns: number },
  tell: Tell,
  most: number = UMAP_MOST,
): Float32Array<ArrayBuffer> {
  const count = values.length / columns, laid = Math.min(count, most);
  if (count < 3) return Float32Array.from({ length: 2 * count }, (_, i) => i);
  const chosen = Uint32Array.from({ length: laid }, (_, i) => Math.floor(i * count / laid));
  const sample = new Float32Array(laid * columns);
  chosen.forEach((n, i) => sample.set(values.subarray(n * columns, (n + 1) * columns), i * columns));
  const k = Math.min(NEIGHBORS, laid - 1);
  const nearest = Array.from({ length: laid }, (_, i) => {
    if (i % 64 === 0) tell("neighbours", i, laid);
    return nearestRows(sample, sample, columns, i, k - 1, i);
  });
  tell("graph", 0, 1);
  const umap = new UMAP({ nComponents: 2, nNeighbors: k, minDist: 0.1, random: seeded(1) });
  // Each is the first of its own neighbours, as UMAP has it.
  umap.setPrecomputedKNN(
    nearest.map(({ rows }, i) => [i, ...rows]),
    nearest.map(({ distances }) => [0, ...distances]),
  );
  const epochs = umap.initializeFit(
    nearest.map((_, i) => [...sample.subarray(i * columns, (i + 1) * columns)]),
  );
  const places = umap.getEmbedding();
  begin(places, sample, columns);
  const positions = new Float32Array(2 * count).fill(NaN);
  const keep = () =>
    chosen.forEach((n, i) => {
      positions[2 * n] = places[i][0];
      positions[2 * n + 1] = places[i][1];
    });
  for (let epoch = 0; epoch < epochs; epoch++) {
    umap.step();
    const shows = epoch % 10 === 9;
    if (shows) keep();
    tell("layout", epoch + 1, epochs, shows ? positions.slice() : undefined);
  }
  keep();
  for (let n = 0; n < count && laid < count; n++) {
    if (n % 64 === 0) tell("placing", n, count);
    if (!Number.isNaN(positions[2 * n])) continue;
    place(positions, n, nearestRows(sample, values, columns, n, PLACED_BY), places);
  }
  return positions;
}

/** The first two columns, spread over the plane: what is far apart there is so in the end, and it is the same each time. */
function begin(places: number[][], sample: Float32Array, columns: number): void {
  let largest = 0;
  const second = columns > 1 ? 1 : 0;
  for (let i = 0; i < places.length; i++) {
    largest = Math.max(largest, Math.abs(sample[i * columns]), Math.abs(sample[i * columns + second]));
  }
  const jitter = seeded(2);
  for (const [i, place] of places.entries()) {
    for (const [axis, column] of [0, second].entries()) {
      place[axis] = (SIDE / 2) * sample[i * columns + column] / (largest || 1) + 0.01 * (jitter() - 0.5);
    }
  }
}

function place(positions: Float32Array, n: number, { rows, distances }: Nearest, places: number[][]): void {
  let x = 0, y = 0, all = 0;
  for (const [i, row] of rows.entries()) {
    const weight = 1 / (distances[i] + 1e-6 * (distances.at(-1)! || 1));
    x += weight * places[row][0];
    y += weight * places[row][1];
    all += weight;
  }
  positions[2 * n] = x / all;
  positions[2 * n + 1] = y / all;
}

/** Numbers of 0 to 1 that look like chance, the same each time. Source: Tommy Ettinger's mulberry32, public domain. */
function seeded(state: number): () => number {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
