import type { Schemas } from "../../../client/client.ts";

/** Splits and classes of all images, by their numbers: what is filtered without asking the server again. */
export interface Columns {
  items: number;
  splits: readonly string[];
  classes: readonly string[];
  split: Uint8Array;
  class: Int16Array | Int32Array;
}
export interface ItemFilter {
  split?: string;
  /** A class's name; null: images without one. */
  class?: string | null;
}
/** Those images that a filter leaves, in order. */
export interface Places {
  count: number;
  /** The number in the dataset of the one at place `i`. */
  at(i: number): number;
  /** The place of number `n`, or of the first behind it. */
  placeOf(n: number): number;
}

/** Reads the answer of `GET /v1/datasets/{id}/columns`. */
export function readColumns(
  { items, splits, classes, split, class: label }: Pick<
    Schemas["DatasetColumns"],
    "items" | "splits" | "classes" | "split" | "class"
  >,
): Columns {
  const { buffer } = bytesOf(label.data);
  return {
    ...{ items, splits, classes, split: bytesOf(split.data) },
    class: label.dtype === "int16" ? new Int16Array(buffer) : new Int32Array(buffer),
  };
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64), bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** What a filter leaves of them; a name that there is not leaves none. */
export function filterItems({ items, splits, classes, ...columns }: Columns, filter: ItemFilter): Places {
  if (filter.split === undefined && filter.class === undefined) {
    return { count: items, at: (i) => i, placeOf: (n) => Math.min(n, items) };
  }
  const split = filter.split === undefined ? undefined : placeIn(splits, filter.split);
  const label = filter.class === null
    ? -1
    : filter.class === undefined
    ? undefined
    : placeIn(classes, filter.class);
  const kept = new Uint32Array(items);
  let count = 0;
  for (let n = 0; n < items; n++) {
    if (split !== undefined && columns.split[n] !== split) continue;
    if (label !== undefined && columns.class[n] !== label) continue;
    kept[count++] = n;
  }
  return {
    count,
    at: (i) => kept[i],
    placeOf(n) {
      let [low, high] = [0, count];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (kept[middle] < n) low = middle + 1;
        else high = middle;
      }
      return low;
    },
  };
}

/** A name's place; what no column has, if there is none. */
const placeIn = (names: readonly string[], name: string): number => {
  const place = names.indexOf(name);
  return place < 0 ? NaN : place;
};

/** Atlases have a thousand images each: they are worth loading where many of those are shown. */
const WORTHWHILE = 48;
/** Whether to show thumbnails of atlases, or each image by itself, since they are scattered. */
export function atlasesPay(places: Places, perAtlas: number): boolean {
  if (places.count === 0) return false;
  const atlases = Math.floor(places.at(places.count - 1) / perAtlas) - Math.floor(places.at(0) / perAtlas) +
    1;
  return places.count / atlases >= Math.min(WORTHWHILE, places.count);
}
