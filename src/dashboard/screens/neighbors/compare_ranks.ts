import type { Schemas } from "../../../client/client.ts";

export type Neighbor = Schemas["Neighbor"];

/** Where one side's neighbour stands on the other side. */
export interface Compared {
  neighbor: Neighbor;
  /** Its place, from 1. */
  rank: number;
  /** Its place on the other side; undefined where it is not among those. */
  otherRank?: number;
}

/** Each of `neighbors` with its place among `others`. */
export function compareRanks(neighbors: Neighbor[], others: Neighbor[] = []): Compared[] {
  const places = new Map(others.map(({ n }, index) => [n, index + 1]));
  return neighbors.map((neighbor, index) => ({
    neighbor,
    rank: index + 1,
    otherRank: places.get(neighbor.n),
  }));
}

/** How alike two lists are: those in both, and their share of all that either has. */
export function overlap(some: Neighbor[], others: Neighbor[]): { common: number; share: number } {
  const there = new Set(others.map(({ n }) => n)), common = some.filter(({ n }) => there.has(n)).length;
  const all = some.length + others.length - common;
  return { common, share: all === 0 ? 0 : common / all };
}

/** How many neighbours each class has, the most first; those without one under null. */
export function countClasses(neighbors: Neighbor[]): [name: string | null, count: number][] {
  const counts = new Map<string | null, number>();
  for (const { class: name } of neighbors) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].toSorted(([, a], [, b]) => b - a);
}
