import { join } from "@std/path";
import { removeTree, syncDirectory } from "../files/durable.ts";
import { spoolPath } from "./spool.ts";

/**
 * What was handed in for a dataset and is not images yet, in order: `upload-00000`, `upload-00001` and so on, each an
 * archive; or `upload-00001.json`, which says where one lies that is not ours. Numbers are never used twice, so that the
 * images' manifest can tell which parts are in (`parts.taken`); those that could not be read are listed in
 * `failed_parts.json`.
 */
const NAME = /^upload-(\d{5,9})(\.json)?$/;
const FAILED = "failed_parts.json";

export interface PendingPart {
  number: number;
  /** What to read. */
  path: string;
  /** The entry of the dataset's directory that stands for it. */
  entry: string;
}
export interface FailedPart {
  number: number;
  reason: string;
}

const entryOf = (number: number): string => `upload-${String(number).padStart(5, "0")}`;

/** The parts that are waiting, the next one first. */
export function pendingParts(dataset: string): PendingPart[] {
  const parts: PendingPart[] = [];
  for (const { name } of Deno.readDirSync(dataset)) {
    const match = NAME.exec(name), entry = join(dataset, name);
    if (!match) continue;
    const path = match[2] ? JSON.parse(Deno.readTextFileSync(entry)).path : entry;
    parts.push({ number: Number(match[1]), path, entry });
  }
  return parts.sort((a, b) => a.number - b.number);
}

/**
 * Lists a part that is complete; durable when it resolves.
 *
 * @param part A file in the dataset's directory, which becomes the part; or the path of what is to be read where it lies.
 * @param taken How many parts are in already.
 */
export async function listPart(
  dataset: string,
  part: { file: string } | { path: string },
  taken: number,
): Promise<void> {
  const [file, ending] = "file" in part ? [part.file, ""] : [await written(dataset, part), ".json"];
  const numbers = [...pendingParts(dataset), ...failedParts(dataset)].map(({ number }) => number + 1);
  // In one go with the numbering: another part may be on its way.
  Deno.renameSync(file, join(dataset, entryOf(Math.max(taken, ...numbers)) + ending));
  await syncDirectory(dataset);
}

/** Takes a part off the list. */
export const dropPart = ({ entry }: PendingPart): Promise<void> => removeTree(entry);

/** The parts that could not be read. */
export function failedParts(dataset: string): FailedPart[] {
  try {
    return JSON.parse(Deno.readTextFileSync(join(dataset, FAILED)));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
/** Notes, durably, that a part could not be read. */
export async function failPart(dataset: string, { number }: PendingPart, reason: string): Promise<void> {
  const others = failedParts(dataset).filter((failed) => failed.number !== number);
  await Deno.rename(await written(dataset, [...others, { number, reason }]), join(dataset, FAILED));
  await syncDirectory(dataset);
}

/** A file with `content`, durable, to be renamed to what it is for. What a crash leaves of it is swept with the spools. */
async function written(dataset: string, content: unknown): Promise<string> {
  const path = spoolPath(dataset);
  using file = await Deno.open(path, { write: true, createNew: true });
  const bytes = new TextEncoder().encode(JSON.stringify(content));
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
  await file.sync();
  return path;
}
