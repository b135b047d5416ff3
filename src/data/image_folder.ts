import {
  archiveKind,
  type ArchiveLimits,
  overLimit,
  passedOver,
  type ReadArchive,
  readEntry,
  refusal,
} from "./archive.ts";
import { readImagePath } from "./image_path.ts";
import { MetadataTable } from "./metadata_table.ts";
import type { Sample } from "./sample.ts";

/**
 * The images of an ImageFolder: class and split by folder, or, where there is a `metadata.csv` or `.jsonl`, the class by
 * its row (https://huggingface.co/docs/hub/datasets-image). The table may stand behind the images, and so the archive is
 * read twice.
 *
 * @throws {DomainError} `invalid` (`archive_limits`) for an archive within the archive.
 */
export async function* readImageFolder(archive: ReadArchive, limits: ArchiveLimits): AsyncGenerator<Sample> {
  const table = await MetadataTable.find(archive, limits);
  for await (const entry of archive("images")) {
    const { path } = entry, meaning = readImagePath(path);
    if (!meaning || table?.owns(path)) continue;
    const reason = refusal(entry, limits);
    if (reason) {
      yield passedOver(entry, reason);
      continue;
    }
    const bytes = await readEntry(entry), nested = archiveKind(bytes);
    if (nested) throw overLimit(`${path} is ${nested} within it`);
    yield { path, meaning: table?.meaningOf(path, meaning) ?? meaning, bytes };
  }
  if (table) yield* table.missing();
}
