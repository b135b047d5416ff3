import {
  type ArchiveEntry,
  archiveKind,
  type ArchiveLimits,
  overLimit,
  passedOver,
  type ReadArchive,
  readEntry,
  refusal,
} from "./archive.ts";
import { readImagePath } from "./image_path.ts";
import type { Sample } from "./sample.ts";

const IMAGES = ["jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff", "ppm", "pgm", "pbm", "pnm"];
const PICKLES = ["pyd", "pkl", "pickle"];
const MAX_LABEL_BYTES = 2 ** 20;

interface Group {
  key: string;
  split: string;
  suffixes: Set<string>;
  images: { path: string; bytes: Uint8Array<ArrayBuffer> }[];
  bytes: number;
  label: string | null;
  /** Whether the label is of `.cls`, which goes before `.json`. */
  bySuffix: boolean;
  broken?: string;
}

/**
 * Reads a member's name: the key is its path up to the first dot of its last part, the suffix what follows, in lower
 * case (webdataset `tariterators.py`).
 *
 * @returns undefined for a name without a suffix, hidden, or like `__meta__`.
 */
export function readMemberName(path: string): { key: string; suffix: string } | undefined {
  const [, folder, base, suffix] = /^((?:.*\/)?)([^/.]+)\.([^/]+)$/s.exec(path) ?? [];
  if (base === undefined || /^__.*__$/s.test(base)) return undefined;
  return { key: folder + base, suffix: suffix.toLowerCase() };
}
const lastPart = (suffix: string): string => suffix.slice(suffix.lastIndexOf(".") + 1);

/** Whether the first members of an archive look like samples: an image beside its `.cls`, or, in no folder, `.json`/`.txt`. */
export function looksLikeWebDataset(paths: readonly string[]): boolean {
  const names = paths.map(readMemberName);
  return names.some((name, i) => {
    const next = names[i + 1];
    if (!name || !next || name.key !== next.key) return false;
    const marks = name.key.includes("/") ? ["cls"] : ["cls", "json", "txt"];
    const group = names.filter((other) => other?.key === name.key).map((other) => other!.suffix);
    return group.some((suffix) => marks.includes(suffix)) &&
      group.some((suffix) => IMAGES.includes(lastPart(suffix)));
  });
}

/**
 * The images of a WebDataset shard. Consecutive members with one key are a sample; its label is its `.cls`, else `label`
 * or `cls` of its `.json`. Pickles are never decoded: that could run code. One sample is in memory at a time.
 */
export async function* readWebDataset(archive: ReadArchive, limits: ArchiveLimits): AsyncGenerator<Sample> {
  let group: Group | undefined;
  for await (const entry of archive("images")) {
    const name = readMemberName(entry.path);
    if (!name) continue;
    if (name.key !== group?.key) {
      if (group) yield* settle(group);
      group = newGroup(name.key, entry.path);
    }
    const { suffix } = name, reason = refusal(entry, limits);
    if (PICKLES.includes(lastPart(suffix))) {
      const reason = "it is a pickle, and those are never decoded: one could run code";
      yield { path: entry.path, reason, skipped: true };
    } else if (reason) yield passedOver(entry, reason);
    else if (group.suffixes.has(suffix)) group.broken ??= `the sample has .${suffix} more than once`;
    else if (!group.broken) await add(group, suffix, entry, limits);
    group.suffixes.add(suffix);
  }
  if (group) yield* settle(group);
}

const newGroup = (key: string, path: string): Group => ({
  ...{ key, split: readImagePath(path)?.split ?? "train", suffixes: new Set<string>() },
  ...{ images: [], bytes: 0, label: null, bySuffix: false },
});

async function add(
  group: Group,
  suffix: string,
  entry: ArchiveEntry,
  limits: ArchiveLimits,
): Promise<void> {
  if (IMAGES.includes(lastPart(suffix))) {
    group.bytes += entry.size;
    if (group.bytes > limits.entryBytes) {
      group.broken = `the sample's images have more than ${limits.entryBytes} bytes`;
      group.images = [];
      return;
    }
    const bytes = await readEntry(entry), nested = archiveKind(bytes);
    if (nested) throw overLimit(`${entry.path} is ${nested} within it`);
    group.images.push({ path: entry.path, bytes });
  } else if (suffix === "cls" || (suffix === "json" && !group.bySuffix)) {
    if (entry.size > MAX_LABEL_BYTES) {
      group.broken = `its .${suffix} has ${entry.size} bytes, more than ${MAX_LABEL_BYTES}`;
      return;
    }
    const text = new TextDecoder().decode(await readEntry(entry)).trim();
    if (suffix === "cls") {
      group.bySuffix = true;
      group.label = text === "" ? null : text;
    } else {
      try {
        group.label = labelOf(JSON.parse(text));
      } catch {
        group.broken = "its .json is no JSON";
      }
    }
  }
}

function labelOf(json: unknown): string | null {
  if (typeof json !== "object" || json === null) return null;
  const { label, cls } = json as Record<string, unknown>, value = label ?? cls;
  return typeof value === "number" || (typeof value === "string" && value !== "") ? String(value) : null;
}

function* settle({ key, split, suffixes, images, label, broken }: Group): Generator<Sample> {
  if (broken) yield { path: key, reason: broken };
  else if (images.length === 0 && [...suffixes].every((suffix) => !IMAGES.includes(lastPart(suffix)))) {
    yield { path: key, reason: `the sample has no image, only .${[...suffixes].join(", .")}` };
  } else {
    for (const image of images) yield { ...image, meaning: { split, class: label, explicit: true } };
  }
}
