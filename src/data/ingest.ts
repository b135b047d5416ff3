import { createHash } from "node:crypto";
import type { DatasetSummary, RejectedFile, SplitSummary } from "../domain/dataset.ts";
import { DomainError } from "../domain/errors.ts";
import type { RgbImage } from "../domain/image.ts";
import type { ImageDecoder } from "../domain/ports.ts";
import { type ArchiveMember, readArchive } from "./archive.ts";
import { type PathMeaning, readImagePath } from "./image_path.ts";
import { ShardWriter } from "./shard.ts";

/** Images that may wait on the decoder at once: enough to keep its threads busy, few enough to hold in memory. */
const IN_FLIGHT = 16;

type Outcome = { path: string; meaning: PathMeaning; image: RgbImage } | RejectedFile;

/**
 * Makes images of an archive and keeps them as shards. A file that is no image is listed as rejected; it fails nothing.
 *
 * @param name The dataset's, for errors.
 * @param archive The uploaded file.
 * @param dataset The dataset's directory.
 * @throws {DomainError} `malformed` or `unsupported_media_type` for the archive; `invalid` if no file in it is an image.
 */
export async function ingestArchive(
  name: string,
  archive: string,
  dataset: string,
  decoder: ImageDecoder,
): Promise<DatasetSummary> {
  const writer = new ShardWriter(dataset), tally = new Tally();
  try {
    // Decoded out of order, taken in order: a dataset's numbers do not depend on which thread was faster.
    const waiting: Promise<Outcome>[] = [];
    const take = async () => tally.take(await waiting.shift()!, writer);
    for await (const member of readArchive(archive)) {
      const meaning = readImagePath(member.path);
      if (!meaning) continue;
      waiting.push(decodeMember(member, meaning, decoder));
      if (waiting.length >= IN_FLIGHT) await take();
    }
    while (waiting.length > 0) await take();
    if (writer.images === 0) {
      throw new DomainError(
        "invalid",
        `Cannot ingest ${
          JSON.stringify(name)
        }: none of its ${tally.rejected.length} files is a JPEG or PNG image`,
        { type: "no_images" },
      );
    }
    return tally.finish(writer);
  } catch (error) {
    writer.abandon();
    throw error;
  }
}

async function decodeMember(
  member: ArchiveMember,
  meaning: PathMeaning,
  decoder: ImageDecoder,
): Promise<Outcome> {
  const { path } = member;
  if ("rejected" in member) return { path, reason: member.rejected };
  try {
    return { path, meaning, image: await decoder.decode(member.bytes) };
  } catch (error) {
    if (!(error instanceof DomainError) || error.code === "unavailable") throw error;
    return { path, reason: error.message.replace(/^Cannot decode the image: /, "") };
  }
}

/** What is counted while the images go by. */
class Tally {
  readonly rejected: RejectedFile[] = [];
  readonly #splits: { name: string; images: number; byClass: Map<number, number>; channels: ChannelSums }[] =
    [];
  readonly #classes: string[] = [];
  readonly #hash = createHash("sha256");
  #bytes = 0;
  #explicit = false;

  take(outcome: Outcome, writer: ShardWriter): void {
    if ("reason" in outcome) {
      this.rejected.push(outcome);
      return;
    }
    const { path, meaning, image } = outcome;
    const split = this.#splitIndex(meaning.split), label = this.#classIndex(meaning.class);
    const { byClass, channels } = this.#splits[split];
    this.#splits[split].images++;
    byClass.set(label, (byClass.get(label) ?? 0) + 1);
    channels.add(image.pixels);
    this.#explicit ||= meaning.explicit;
    this.#bytes += image.pixels.length;
    const pixels = createHash("sha256").update(image.pixels).digest("hex");
    this.#hash.update(
      JSON.stringify([meaning.split, meaning.class, image.width, image.height, pixels]) + "\n",
    );
    writer.add(path, image, split, label);
  }

  finish(writer: ShardWriter): DatasetSummary {
    // One folder around all files is a folder, not a class.
    const labelled = this.#explicit || this.#classes.length > 1;
    const classes = labelled ? this.#classes.toSorted() : [];
    const splits: Record<string, SplitSummary> = {};
    for (const { name, images, byClass } of this.#splits) {
      const counts = [...byClass].filter(([label]) => labelled && label >= 0)
        .map(([label, count]) => [this.#classes[label], count] as const);
      splits[name] = { images, classes: Object.fromEntries(counts.sort(([a], [b]) => (a < b ? -1 : 1))) };
    }
    // The encoder is trained on `train`; where there is none, any split's colours will do.
    const { channels } = this.#splits.find(({ name }) => name === "train") ?? this.#splits[0];
    const summary: DatasetSummary = {
      counts: { images: writer.images, rejected: this.rejected.length, bytes: this.#bytes },
      splits,
      ...channels.meanAndStd(),
      fingerprint: `sha256:${this.#hash.digest("hex")}`,
    };
    const order = this.#classes.map((name) => classes.indexOf(name));
    writer.finish({ splits: this.#splits.map(({ name }) => name), classes, summary }, order, this.rejected);
    return summary;
  }

  #splitIndex(name: string): number {
    const at = this.#splits.findIndex((split) => split.name === name);
    if (at >= 0) return at;
    return this.#splits.push({ name, images: 0, byClass: new Map(), channels: new ChannelSums() }) - 1;
  }
  #classIndex(name: string | null): number {
    if (name === null) return -1;
    const at = this.#classes.indexOf(name);
    return at >= 0 ? at : this.#classes.push(name) - 1;
  }
}

/** Sums of 8-bit values and of their squares: whole numbers, and so exact in float64. */
class ChannelSums {
  readonly #sum = [0, 0, 0];
  readonly #squares = [0, 0, 0];
  #pixels = 0;

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
