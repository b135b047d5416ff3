export interface ClassCount {
  /** Null: images without a class. */
  name: string | null;
  images: number;
}
export type ClassOrder = "most" | "fewest" | "name";
type Splits = Record<string, { images: number; classes: Record<string, number> }>;

const names = new Intl.Collator("en", { numeric: true });

/** How many images each class has, in one split or in all; those without a class too, if there are any. */
export function classCounts(splits: Splits, split: string | undefined): ClassCount[] {
  const counts = new Map<string, number>();
  let unlabelled = 0;
  for (const [name, { images, classes }] of Object.entries(splits)) {
    if (split !== undefined && name !== split) continue;
    unlabelled += images;
    for (const [label, count] of Object.entries(classes)) {
      counts.set(label, (counts.get(label) ?? 0) + count);
      unlabelled -= count;
    }
  }
  const labelled = [...counts].map(([name, images]) => ({ name, images }));
  return unlabelled > 0 ? [...labelled, { name: null, images: unlabelled }] : labelled;
}

/** Sorted; those without a class come last. */
export function orderClasses(counts: ClassCount[], order: ClassOrder): ClassCount[] {
  return counts.toSorted((a, b) => {
    if (a.name === null || b.name === null) return Number(a.name === null) - Number(b.name === null);
    const byName = names.compare(a.name, b.name);
    if (order === "name") return byName;
    return (order === "most" ? b.images - a.images : a.images - b.images) || byName;
  });
}

/** How many classes there are in all splits together. */
export const countClasses = (splits: Splits): number =>
  new Set(Object.values(splits).flatMap(({ classes }) => Object.keys(classes))).size;

const KNOWN = ["train", "val", "test"];
/** Splits in the order in which they are used; then all others. */
export function orderedSplits<T>(splits: Record<string, T>): [name: string, split: T][] {
  const rank = (name: string) => KNOWN.includes(name) ? KNOWN.indexOf(name) : KNOWN.length;
  return Object.entries(splits).toSorted(([a], [b]) => rank(a) - rank(b) || names.compare(a, b));
}
