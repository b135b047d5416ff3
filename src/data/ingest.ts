import { join } from "@std/path";
import type { DatasetSettings, DatasetSummary } from "../domain/dataset.ts";
import { DomainError } from "../domain/errors.ts";
import type { ImageDecoder, Ingester, IngestTask } from "../domain/ports.ts";
import { ARCHIVE_LIMITS } from "./archive.ts";
import { DatasetReader } from "./dataset_reader.ts";
import { readSamples } from "./dataset_format.ts";
import { imagesOf } from "./generations.ts";
import type { Sample } from "./sample.ts";
import { ShardWriter } from "./shard.ts";
import { REJECTED } from "./shard_format.ts";
import { type Outcome, Tally } from "./tally.ts";

/** Images that may wait on the decoder at once: enough to keep its threads busy, few enough to hold in memory. */
const IN_FLIGHT = 16;
/** Rejected files that are always listed, so that what is wrong with an archive is seen. */
const LISTED = 1000;

/**
 * Makes images of an archive and keeps them as shards, behind those that are there. A file that is no image is listed as rejected; it fails nothing,
 * unless there are more such files than `task.settings` allows: then the list is kept as REJECTED.
 *
 * @param name The dataset's, for errors.
 * @param archive The uploaded file.
 * @param dataset The dataset's directory.
 * @throws {DomainError} `malformed` or `unsupported_media_type` for the archive; `invalid` past one of its limits, where it
 *   is not of its format, or if too few of its files, or none, are images (`too_many_rejected`, `no_images`).
 */
export async function ingestArchive(
  name: string,
  archive: string,
  dataset: string,
  decoder: ImageDecoder,
  { settings, part = 0, signal, onProgress }: IngestTask,
): Promise<DatasetSummary> {
  const earlier = earlierParts(dataset);
  if (earlier && earlier.manifest.parts!.taken > part) return earlier.manifest.summary; // a crash came behind it
  const { size: bytesTotal } = await Deno.stat(archive).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new DomainError("invalid", "Cannot read the archive: it is not there any more", { type: "gone" });
  });
  const writer = new ShardWriter(dataset, { base: earlier, originals: settings.originals }),
    tally = new Tally(settings, earlier),
    before = writer.images;
  let bytesRead = 0;
  // Past this no archive can be taken any more: millions of files are not decoded, and listed, for nothing.
  const hopeless = Math.max(LISTED, settings.max_rejected * ARCHIVE_LIMITS.entries);
  try {
    // Decoded out of order, taken in order: a dataset's numbers do not depend on which thread was faster.
    const waiting: Promise<Outcome>[] = [];
    const take = async () => {
      tally.take(await waiting.shift()!, writer);
      signal?.throwIfAborted();
      onProgress?.({
        images: writer.images,
        earlier: before,
        rejected: tally.rejected.length,
        bytesRead,
        bytesTotal,
      });
    };
    const onBytes = (bytes: number) => bytesRead += bytes;
    for await (const sample of readSamples(archive, { format: settings.format, onBytes, signal })) {
      signal?.throwIfAborted();
      const outcome = decodeSample(sample, decoder, settings);
      outcome.catch(() => {}); // whoever takes it meets the error; if nobody does any more, it is none
      waiting.push(outcome);
      if (waiting.length >= IN_FLIGHT) await take();
      if (tally.rejected.length - tally.skipped > hopeless) break;
    }
    while (waiting.length > 0) await take();
    const { rejected } = tally, images = writer.images - before, files = images + rejected.length;
    const held = rejected.length - tally.skipped, judged = images + held;
    const refuse = (type: "no_images" | "too_many_rejected", why: string) =>
      new DomainError("invalid", `Cannot ingest ${JSON.stringify(name)}: ${why}`, { type });
    const report = () => Deno.writeTextFile(join(dataset, REJECTED), JSON.stringify(rejected));
    if (images === 0) {
      await report();
      throw refuse("no_images", `none of its ${files} files is an image that can be read`);
    }
    if (held > settings.max_rejected * judged || held > hopeless) {
      await report();
      throw refuse(
        "too_many_rejected",
        `at most ${
          100 * settings.max_rejected
        } % of its files may be rejected (max_rejected), got ${held} of ${judged}`,
      );
    }
    return tally.finish(writer, part + 1);
  } catch (error) {
    writer.abandon();
    throw error;
  }
}

/** The images that are there already, for another part to be added to. */
function earlierParts(dataset: string) {
  const directory = imagesOf(dataset);
  if (!directory) return undefined;
  const reader = DatasetReader.open(dataset), { manifest } = reader, rejected = reader.rejected();
  reader.close();
  if (!manifest.parts) {
    const reason = "it was written before datasets had parts; upload it again";
    throw new DomainError("conflict", `Cannot add to the dataset: ${reason}`, { type: "dataset_format" });
  }
  return { directory, manifest, rejected };
}

/** Ingests in this process. */
export const ingesterWith = (decoder: ImageDecoder): Ingester => ({
  ingest: ({ name, archive, dataset }, task) => ingestArchive(name, archive, dataset, decoder, task),
});

async function decodeSample(
  sample: Sample,
  decoder: ImageDecoder,
  { short_side: shortSide, originals }: DatasetSettings,
): Promise<Outcome> {
  if (!("bytes" in sample)) return sample;
  const { path, meaning, bytes } = sample;
  try {
    const image = await decoder.decode(bytes, { shortSide });
    return { path, meaning, image, ...(originals ? { original: bytes } : {}) };
  } catch (error) {
    if (!(error instanceof DomainError) || error.code === "unavailable") throw error;
    return { path, reason: error.message.replace(/^Cannot decode the image: /, "") };
  }
}
