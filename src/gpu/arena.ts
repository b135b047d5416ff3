/** What the arena's planner knows of a tensor. Times are positions in the list of dispatches. */
export interface Lifetime {
  bytes: number;
  /** The dispatches between which it holds something: the first that touches it and the last. */
  first: number;
  last: number;
  /**
   * The tensors, by index, that must lie in another buffer: one dispatch binds both, and writes one of them. WebGPU
   * counts a buffer's use by the whole buffer, and lets none be read-only and writable at once.
   */
  apart: ReadonlySet<number>;
}

export interface ArenaPlan {
  /** Of each tensor: its slab, and where it begins there, in bytes. */
  placements: { slab: number; offset: number }[];
  slabBytes: number[];
  /** The bytes alive at the busiest dispatch: no plan can need less. */
  peakBytes: number;
}

/** A storage binding may start only at a multiple of this on every adapter. */
const ALIGNMENT = 256;
const aligned = (bytes: number): number => Math.ceil(Math.max(4, bytes) / ALIGNMENT) * ALIGNMENT;

interface Slab {
  bytes: number;
  /** Tensors here, by offset. */
  placed: { index: number; offset: number; end: number }[];
}

/**
 * Lays tensors out in a few buffers ("slabs") so that what is not alive at once shares memory: the largest first, each
 * where the arena grows least, in the tightest gap (after Pisarchyk & Lee, "Efficient Memory Management for Deep Neural
 * Net Inference", arXiv 2001.03288: greedy by size).
 *
 * @param slabLimit The largest buffer the device makes, in bytes.
 * @throws {RangeError} If a tensor alone exceeds `slabLimit`.
 */
export function planArena(lifetimes: readonly Lifetime[], slabLimit: number): ArenaPlan {
  const order = lifetimes.map((_, i) => i).sort((a, b) =>
    lifetimes[b].bytes - lifetimes[a].bytes || lifetimes[a].first - lifetimes[b].first
  );
  const slabs: Slab[] = [], placements: ArenaPlan["placements"] = new Array(lifetimes.length);
  for (const index of order) {
    const size = aligned(lifetimes[index].bytes);
    if (size > slabLimit) {
      throw new RangeError(`Cannot place a tensor of ${size} bytes: a buffer holds at most ${slabLimit}`);
    }
    let best: { slab: number; offset: number; growth: number; gap: number } | undefined;
    for (const [s, slab] of slabs.entries()) {
      const found = findGap(slab, lifetimes, index, size);
      if (!found) continue;
      const growth = Math.max(0, found.offset + size - slab.bytes);
      if (found.offset + size > slabLimit) continue;
      if (!best || growth < best.growth || (growth === best.growth && found.gap < best.gap)) {
        best = { slab: s, growth, ...found };
      }
    }
    if (!best) {
      slabs.push({ bytes: 0, placed: [] });
      best = { slab: slabs.length - 1, offset: 0, growth: size, gap: size };
    }
    const slab = slabs[best.slab], end = best.offset + size;
    slab.bytes = Math.max(slab.bytes, end);
    const at = slab.placed.findIndex(({ offset }) => offset > best.offset);
    slab.placed.splice(at < 0 ? slab.placed.length : at, 0, { index, offset: best.offset, end });
    placements[index] = { slab: best.slab, offset: best.offset };
  }
  return { placements, slabBytes: slabs.map(({ bytes }) => bytes), peakBytes: peakOf(lifetimes) };
}

/** The tightest gap between what is alive with the tensor; past everything if none fits; undefined where it may not lie. */
function findGap(
  slab: Slab,
  lifetimes: readonly Lifetime[],
  index: number,
  size: number,
): { offset: number; gap: number } | undefined {
  const { first, last, apart } = lifetimes[index];
  let end = 0, best: { offset: number; gap: number } | undefined;
  for (const other of slab.placed) {
    if (apart.has(other.index)) return undefined;
    const lifetime = lifetimes[other.index];
    if (lifetime.last < first || lifetime.first > last) continue;
    const gap = other.offset - end;
    if (gap >= size && (!best || gap < best.gap)) best = { offset: end, gap };
    end = Math.max(end, other.end);
  }
  return best ?? { offset: end, gap: Math.max(size, slab.bytes - end) };
}

function peakOf(lifetimes: readonly Lifetime[]): number {
  const change = new Map<number, number>();
  const add = (at: number, bytes: number) => change.set(at, (change.get(at) ?? 0) + bytes);
  for (const { bytes, first, last } of lifetimes) {
    add(first, aligned(bytes));
    add(last + 1, -aligned(bytes));
  }
  let alive = 0, peak = 0;
  for (const [, bytes] of [...change].sort(([a], [b]) => a - b)) peak = Math.max(peak, alive += bytes);
  return peak;
}
