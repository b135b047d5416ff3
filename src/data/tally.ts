import { createHash } from "node:crypto";
import type {
  DatasetSettings,
  DatasetSummary,
  DatasetWarning,
  DuplicateGroup,
  DuplicateSummary,
  RejectedFile,
  SplitSummary,
} from "../domain/dataset.ts";
import type { DecodedImage } from "../domain/ports.ts";
import { findDuplicates } from "./duplicates.ts";
import type { PathMeaning } from "./image_path.ts";
import type { SkippedFile } from "./sample.ts";
import type { ShardWriter } from "./shard.ts";
import {
  type ChannelTotals,
  contentHash,
  HASH_BYTES,
  HIDDEN,
  MAX_SIDE,
  type ShardManifest,
} from "./shard_format.ts";

/** What became of a file of an archive. */
export type Outcome =
  /** `original`: its file, where that is to be kept. */
  | { path: string; meaning: PathMeaning; image: DecodedImage; original?: Uint8Array }
  | SkippedFile;

/** Contents in more than one split that are reported one by one; of each, images. */
const MAX_GROUPS = 1000;
const MAX_LISTED = 20;

/**
 * What is counted while a dataset's images go by. All of it is of the images as they are stored, and the same whether they
 * came at once or in parts.
 */
export class Tally {
  /** Of this part. */
  readonly rejected: RejectedFile[] = [];
  /** How many of the rejected files are not to be held against the archive. */
  skipped = 0;
  readonly #splits: { name: string; images: number; byClass: Map<number, number>; channels: ChannelSums }[] =
    [];
  readonly #classes: string[] = [];
  readonly #classIndices = new Map<string, number>();
  #bytes = 0;
  #shrunk = 0;
  #explicit = false;

  /** @param earlier The parts that are in already: their manifest, and the files they had rejected. */
  constructor(
    readonly settings: DatasetSettings,
    readonly earlier?: { manifest: ShardManifest; rejected: RejectedFile[] },
  ) {
    if (!earlier) return;
    const { classes, splits, groups, summary, resize, parts } = earlier.manifest, { hidden, sums } = parts!;
    for (const name of [...classes, ...(hidden ? [hidden.class] : [])]) this.#classIndex(name);
    for (const [s, name] of splits.entries()) {
      const byClass = new Map(groups[s].map((images, group) => [group - 1, images])),
        held = hidden?.images[s] ?? 0;
      if (held > 0) byClass.set(-1, groups[s][0] - held).set(0, held);
      const images = groups[s].reduce((a, b) => a + b, 0);
      this.#splits.push({ name, images, byClass, channels: new ChannelSums(sums[s]) });
    }
    this.#bytes = summary.counts.bytes;
    this.#shrunk = resize?.images ?? 0;
    this.#explicit = classes.length > 0;
  }

  take(outcome: Outcome, writer: ShardWriter): void {
    if ("reason" in outcome) {
      const { path, reason, skipped } = outcome;
      this.rejected.push({ path, reason });
      if (skipped) this.skipped++;
      return;
    }
    const { path, meaning, image, original } = outcome, { width, height } = image;
    if (Math.max(width, height) > MAX_SIDE) {
      const reason = `a side is longer than ${MAX_SIDE} pixels: it would be kept as ${width}×${height}`;
      this.rejected.push({ path, reason });
      return;
    }
    const split = this.#splitIndex(meaning.split), label = this.#classIndex(meaning.class);
    const { byClass, channels } = this.#splits[split];
    this.#splits[split].images++;
    byClass.set(label, (byClass.get(label) ?? 0) + 1);
    channels.add(image.pixels);
    this.#explicit ||= meaning.explicit;
    this.#bytes += image.pixels.length;
    this.#shrunk += image.shrunk ? 1 : 0;
    const pixels = createHash("sha256").update(image.pixels).digest("hex");
    writer.add(path, image, split, label, { hash: contentHash(image, pixels), original });
  }

  /**
   * Completes the dataset.
   *
   * @param taken How many parts are in with this one.
   */
  finish(writer: ShardWriter, taken = 1): DatasetSummary {
    // One folder around all files is a folder, not a class.
    const labelled = this.#explicit || this.#classes.length > 1;
    const classes = labelled ? sortClasses(this.#classes) : [];
    const places = new Map(classes.map((name, i) => [name, i]));
    const order = this.#classes.map((name) => places.get(name) ?? HIDDEN);
    const splits: Record<string, SplitSummary> = {};
    for (const { name, images, byClass } of this.#splits) {
      const counts = [...byClass].filter(([label, count]) => labelled && label >= 0 && count > 0)
        .sort(([a], [b]) => order[a] - order[b])
        .map(([label, count]) => [this.#classes[label], count] as const);
      splits[name] = { images, classes: Object.fromEntries(counts) };
    }
    const { duplicates, groups, contents } = this.#duplicates(
      writer,
      (label) => classes[order[label]] ?? null,
    );
    // The encoder is trained on `train`; where there is none, any split's colours will do.
    const { channels } = this.#splits.find(({ name }) => name === "train") ?? this.#splits[0];
    const rejected = [...this.earlier?.rejected ?? [], ...this.rejected];
    const summary: DatasetSummary = {
      counts: { images: writer.images, rejected: rejected.length, bytes: this.#bytes },
      splits,
      ...channels.meanAndStd(),
      fingerprint: this.#fingerprint(writer),
      duplicates,
      warnings: degenerations({ images: writer.images, contents, classes }),
    };
    const resize = {
      ...{ short_side: this.settings.short_side, method: "bicubic, antialiased" as const },
      images: this.#shrunk,
    };
    const names = this.#splits.map(({ name }) => name);
    const [folder] = labelled ? [] : this.#classes;
    const parts = {
      taken,
      sums: this.#splits.map(({ channels }) => channels.totals),
      ...(folder === undefined ? {} : {
        hidden: { class: folder, images: this.#splits.map(({ byClass }) => byClass.get(0) ?? 0) },
      }),
    };
    writer.finish({ splits: names, classes, summary, resize, parts }, order, rejected, groups);
    return summary;
  }

  /** Over every image's split, class, size and the first half of its content's hash, in order. */
  #fingerprint(writer: ShardWriter): string {
    const hash = createHash("sha256"), { view, hashAt, splitOf, classOf, sizeOf } = writer.hashes();
    for (let n = 0; n < writer.images; n++) {
      const { width, height } = sizeOf(n),
        content = new Uint8Array(view.buffer, hashAt(n), HASH_BYTES).toHex();
      const split = this.#splits[splitOf(n)].name, label = this.#classes[classOf(n)] ?? null;
      hash.update(JSON.stringify([split, label, width, height, content]) + "\n");
    }
    return `sha256:${hash.digest("hex")}`;
  }

  #duplicates(
    writer: ShardWriter,
    className: (label: number) => string | null,
  ): { duplicates: DuplicateSummary; groups: DuplicateGroup[]; contents: number } {
    const hashes = writer.hashes(), { within, across, contents } = findDuplicates(writer.images, hashes);
    const placeOf = (n: number) => ({
      split: this.#splits[hashes.splitOf(n)].name,
      class: className(hashes.classOf(n)),
    });
    const byLabels = new Map<string, DuplicateSummary["across_with_labels"][number]>();
    const listed = across.map((group) => {
      const places = new Map(group.toReversed().map((n) => [JSON.stringify(placeOf(n)), n]));
      const key = [...places.keys()].sort().join();
      const seen = byLabels.get(key);
      if (seen) seen.contents++;
      else {byLabels.set(key, {
          labels: [...places.keys()].sort().map((place) => JSON.parse(place)),
          contents: 1,
        });}
      return {
        images: group.length,
        firsts: [...places.values()].sort((a, b) => a - b).slice(0, MAX_LISTED),
      };
    });
    const reported = listed.slice(0, MAX_GROUPS);
    const numbers = [...new Set(reported.flatMap(({ firsts }) => firsts))].sort((a, b) => a - b);
    const paths = new Map(writer.pathsOf(numbers).map((path, i) => [numbers[i], path]));
    const groups = reported.map(({ images, firsts }) => ({
      images,
      items: firsts.map((n) => ({ n, path: paths.get(n)!, ...placeOf(n) })),
    }));
    const across_with_labels = [...byLabels.values()].sort((a, b) => b.contents - a.contents).slice(
      0,
      MAX_LISTED,
    )
      .map(({ labels, contents }) => ({ labels: labels.slice(0, MAX_LISTED), contents }));
    return { duplicates: { within, across: across.length, across_with_labels }, groups, contents };
  }

  #splitIndex(name: string): number {
    const at = this.#splits.findIndex((split) => split.name === name);
    if (at >= 0) return at;
    return this.#splits.push({ name, images: 0, byClass: new Map(), channels: new ChannelSums() }) - 1;
  }
  #classIndex(name: string | null): number {
    if (name === null) return -1;
    const known = this.#classIndices.get(name);
    if (known !== undefined) return known;
    this.#classIndices.set(name, this.#classes.length);
    return this.#classes.push(name) - 1;
  }
}

/** By name; by number where all names are whole numbers, so that class 2 of ten is label 2. */
function sortClasses(names: readonly string[]): string[] {
  const byName = names.toSorted();
  if (!names.every((name) => /^-?\d+$/.test(name))) return byName;
  return byName.sort((a, b) => Number(a) - Number(b));
}

function degenerations(
  { images, contents, classes }: { images: number; contents: number; classes: string[] },
): DatasetWarning[] {
  const messages = [
    ...(images === 1 ? ["it has a single image"] : []),
    ...(images > 1 && contents === 1 ? [`all of its ${images} images are identical`] : []),
    ...(classes.length === 1 ? [`all of its labels are one class, ${JSON.stringify(classes[0])}`] : []),
  ];
  return messages.map((message) => ({ code: "degenerate_dataset", message }));
}

/** Sums of 8-bit values and of their squares: whole numbers, and so exact in float64. */
class ChannelSums {
  readonly #sum: number[];
  readonly #squares: number[];
  #pixels: number;

  constructor({ sum, squares, pixels }: ChannelTotals = { sum: [0, 0, 0], squares: [0, 0, 0], pixels: 0 }) {
    [this.#sum, this.#squares, this.#pixels] = [[...sum], [...squares], pixels];
  }
  get totals(): ChannelTotals {
    return { sum: this.#sum, squares: this.#squares, pixels: this.#pixels };
  }

  add(pixels: Uint8Array): void {
    for (let c = 0; c < 3; c++) {
      let sum = 0, squares = 0;
      for (let i = c; i < pixels.length; i += 3) {
        sum += pixels[i];
        squares += pixels[i] * pixels[i];
      }
      this.#sum[c] += sum;
      this.#squares[c] += squares;
    }
    this.#pixels += pixels.length / 3;
  }

  /** Of values in [0, 1]. A channel without any spread gets deviation 1, so that normalising by it stays finite. */
  meanAndStd(): { channel_mean: [number, number, number]; channel_std: [number, number, number] } {
    const mean = this.#sum.map((sum) => sum / this.#pixels);
    const std = this.#squares.map((squares, c) =>
      Math.sqrt(Math.max(0, squares / this.#pixels - mean[c] ** 2))
    );
    return {
      channel_mean: mean.map((m) => m / 255) as [number, number, number],
      channel_std: std.map((s) => (s > 0 ? s / 255 : 1)) as [number, number, number],
    };
  }
}
