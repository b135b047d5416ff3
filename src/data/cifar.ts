import {
  type ArchiveEntry,
  type ArchiveLimits,
  damaged,
  passedOver,
  type ReadArchive,
  readEntry,
  refusal,
  unfit,
} from "./archive.ts";
import type { Sample } from "./sample.ts";

/** https://www.cs.toronto.edu/~kriz/cifar.html: labels, then the planes red, green, blue of 32 × 32 pixels, row-major. */
const PX = 32, PLANE = PX * PX;
interface Layout {
  /** Labels in front of the pixels; the last of them is the class (CIFAR-100's first is the coarse one). */
  labels: 1 | 2;
  classes: number;
}
const CIFAR10: Layout = { labels: 1, classes: 10 }, CIFAR100: Layout = { labels: 2, classes: 100 };
const recordBytes = ({ labels }: Layout): number => labels + 3 * PLANE;

const baseOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
const NAMES = ["batches.meta.txt", "fine_label_names.txt"];

/** Whether an archive's files look like CIFAR's: a batch of whole records under one of its names. */
export const looksLikeCifar = (entries: readonly { path: string; size: number }[]): boolean =>
  entries.some(({ path, size }) =>
    /^(data_batch_\d+|test_batch|train|test)\.bin$/.test(baseOf(path)) && size > 0 && fits(size).length > 0
  );

/** Whether a file's bytes are records: whole ones, with labels that exist. `head` is its beginning. */
export const looksLikeRecords = (size: number, head: Uint8Array): boolean => fits(size, head).length > 0;

function fits(size: number, head: Uint8Array = new Uint8Array()): Layout[] {
  return [CIFAR10, CIFAR100].filter((layout) => {
    const width = recordBytes(layout);
    if (size === 0 || size % width !== 0) return false;
    for (let at = 0; at + layout.labels <= head.length; at += width) {
      if (head[at + layout.labels - 1] >= layout.classes || (layout.labels === 2 && head[at] >= 20)) {
        return false;
      }
    }
    return true;
  });
}

/**
 * The images of CIFAR-10 or CIFAR-100 in their binary version; classes by name where the archive names them.
 *
 * @throws {DomainError} `malformed` for a batch that ends within a record; `invalid` where there is no batch.
 */
export async function* readCifar(archive: ReadArchive, limits: ArchiveLimits): AsyncGenerator<Sample> {
  let names: string[] | undefined, batches = 0;
  for await (const entry of archive("search")) {
    if (!NAMES.includes(baseOf(entry.path)) || refusal(entry, limits)) continue;
    names = new TextDecoder().decode(await readEntry(entry)).split("\n").map((name) => name.trim())
      .filter((name) => name !== "");
  }
  for await (const entry of archive("images")) {
    if (!entry.path.endsWith(".bin")) continue;
    batches++;
    if (entry.refused) yield passedOver(entry, entry.refused);
    else yield* records(entry, names);
  }
  if (batches === 0) throw unfit("it is to be CIFAR, and holds no .bin of records");
}

async function* records(entry: ArchiveEntry, names: string[] | undefined): AsyncGenerator<Sample> {
  const { path, size } = entry, layout = layoutOf(entry), width = recordBytes(layout);
  const split = /^test/.test(baseOf(path)) ? "test" : "train";
  let record = new Uint8Array(width), filled = 0, n = 0;
  for await (const chunk of entry.chunks()) {
    for (let at = 0; at < chunk.length;) {
      const part = chunk.subarray(at, at + width - filled);
      record.set(part, filled);
      at += part.length;
      filled += part.length;
      if (filled < width) break;
      yield sampleOf(`${path}#${n++}`, record, layout, split, names);
      record = new Uint8Array(width);
      filled = 0;
    }
  }
  if (filled > 0 || n * width !== size) {
    throw damaged(`${path} ends at byte ${n * width + filled} of ${size}`);
  }
}

function layoutOf({ path, size }: ArchiveEntry): Layout {
  const hundred = /^(train|test)\.bin$/.test(baseOf(path)), found = fits(size);
  const layout = found.length > 1 ? (hundred ? CIFAR100 : CIFAR10) : found[0];
  if (layout) return layout;
  const width = recordBytes(hundred ? CIFAR100 : CIFAR10), whole = Math.floor(size / width);
  throw damaged(`${path} ends at byte ${size}, within the record that begins at byte ${whole * width}`);
}

function sampleOf(
  path: string,
  record: Uint8Array,
  { labels, classes }: Layout,
  split: string,
  names: string[] | undefined,
): Sample {
  const label = record[labels - 1], count = names?.length ?? classes;
  if (label >= count) return { path, reason: `its label must be below ${count}, got ${label}` };
  const pixels = new Uint8Array(3 * PLANE);
  for (let i = 0; i < PLANE; i++) {
    for (let c = 0; c < 3; c++) pixels[3 * i + c] = record[labels + c * PLANE + i];
  }
  return {
    path,
    meaning: { split, class: names?.[label] ?? String(label), explicit: true },
    image: { width: PX, height: PX, pixels },
  };
}
