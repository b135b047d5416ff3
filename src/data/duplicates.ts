import { HASH_BYTES } from "./shard_format.ts";

/** What {@link findDuplicates} looks at. */
export interface Hashes {
  view: DataView;
  /** Where the image's hash is in `view`. */
  hashAt(n: number): number;
  splitOf(n: number): number;
}
export interface Duplicates {
  /** Images that repeat an earlier one of their own split. */
  within: number;
  /** The images of each content that stands in more than one split; in order, as are the images of each. */
  across: number[][];
  /** Different contents in all. */
  contents: number;
}

/**
 * Finds images whose hashes are equal. A million numbers are sorted in a tenth of a second where a map of as many strings
 * would take 100 MB: only hashes whose first 48 bits occur twice are looked at whole.
 */
export function findDuplicates(images: number, hashes: Hashes): Duplicates {
  const { view, hashAt, splitOf } = hashes;
  const prefixOf = (n: number) => view.getUint32(hashAt(n)) * 2 ** 16 + view.getUint16(hashAt(n) + 4);
  const sorted = Float64Array.from({ length: images }, (_, n) => prefixOf(n)).sort();
  const repeated = new Set(sorted.filter((prefix, i) => prefix === sorted[i - 1]));
  const groups = new Map<string, number[]>();
  for (let n = 0; repeated.size > 0 && n < images; n++) {
    if (!repeated.has(prefixOf(n))) continue;
    const hash = new Uint8Array(view.buffer, hashAt(n), HASH_BYTES).toHex();
    const group = groups.get(hash);
    if (group) group.push(n);
    else groups.set(hash, [n]);
  }
  let within = 0, contents = images;
  const across: number[][] = [];
  for (const group of groups.values()) {
    const splits = new Set(group.map(splitOf)).size;
    within += group.length - splits;
    contents -= group.length - 1;
    if (splits > 1) across.push(group);
  }
  return { within, across, contents };
}
