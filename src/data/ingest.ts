import type { DatasetSummary, RejectedFile } from "../domain/dataset.ts";
import { DomainError } from "../domain/errors.ts";
import type { ImageDecoder, IngestTask } from "../domain/ports.ts";
import { readSamples } from "./dataset_format.ts";
import type { Sample } from "./sample.ts";
import { ShardWriter } from "./shard.ts";
import { type Outcome, Tally } from "./tally.ts";

/** Images that may wait on the decoder at once: enough to keep its threads busy, few enough to hold in memory. */
const IN_FLIGHT = 16;

/** More files were rejected than the dataset's `max_rejected` allows, or all of them; which, and why, it brings along. */
export class TooManyRejected extends DomainError {
  constructor(type: "no_images" | "too_many_rejected", message: string, readonly rejected: RejectedFile[]) {
    super("invalid", message, { type });
  }
}

/**
 * Makes images of an archive and keeps them as shards. A file that is no image is listed as rejected; it fails nothing,
 * unless there are more such files than `task.settings` allows.
 *
 * @param name The dataset's, for errors.
 * @param archive The uploaded file.
 * @param dataset The dataset's directory.
 * @throws {DomainError} `malformed` or `unsupported_media_type` for the archive; `invalid` past one of its limits, or where
 *   it is not of its format; {@link TooManyRejected} if too few of its files, or none, are images.
 */
export async function ingestArchive(
  name: string,
  archive: string,
  dataset: string,
  decoder: ImageDecoder,
  { settings, signal, onProgress }: IngestTask,
): Promise<DatasetSummary> {
  const writer = new ShardWriter(dataset), tally = new Tally(settings);
  const bytesTotal = (await Deno.stat(archive)).size;
  let bytesRead = 0;
  try {
    // Decoded out of order, taken in order: a dataset's numbers do not depend on which thread was faster.
    const waiting: Promise<Outcome>[] = [];
    const take = async () => {
      tally.take(await waiting.shift()!, writer);
      signal?.throwIfAborted();
      onProgress?.({ images: writer.images, rejected: tally.rejected.length, bytesRead, bytesTotal });
    };
    const onBytes = (bytes: number) => bytesRead += bytes;
    for await (const sample of readSamples(archive, { format: settings.format, onBytes, signal })) {
      signal?.throwIfAborted();
      const outcome = decodeSample(sample, decoder, settings.short_side);
      outcome.catch(() => {}); // whoever takes it meets the error; if nobody does any more, it is none
      waiting.push(outcome);
      if (waiting.length >= IN_FLIGHT) await take();
    }
    while (waiting.length > 0) await take();
    const { rejected } = tally, files = writer.images + rejected.length;
    const held = rejected.length - tally.skipped, judged = writer.images + held;
    const refuse = (type: "no_images" | "too_many_rejected", why: string) =>
      new TooManyRejected(type, `Cannot ingest ${JSON.stringify(name)}: ${why}`, rejected);
    if (writer.images === 0) {
      throw refuse("no_images", `none of its ${files} files is an image that can be read`);
    }
    if (held > settings.max_rejected * judged) {
      throw refuse(
        "too_many_rejected",
        `at most ${
          100 * settings.max_rejected
        } % of its files may be rejected (max_rejected), got ${held} of ${judged}`,
      );
    }
    return tally.finish(writer);
  } catch (error) {
    writer.abandon();
    throw error;
  }
}

async function decodeSample(sample: Sample, decoder: ImageDecoder, shortSide: number): Promise<Outcome> {
  if (!("bytes" in sample)) return sample;
  const { path, meaning, bytes } = sample;
  try {
    return { path, meaning, image: await decoder.decode(bytes, { shortSide }) };
  } catch (error) {
    if (!(error instanceof DomainError) || error.code === "unavailable") throw error;
    return { path, reason: error.message.replace(/^Cannot decode the image: /, "") };
  }
}
