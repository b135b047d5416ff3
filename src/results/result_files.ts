import { createHash } from "node:crypto";
import { join } from "@std/path";
import { DomainError } from "../domain/errors.ts";
import { checkId } from "../domain/ids.ts";
import { JOB_FILE_NAME, type JobFile } from "../domain/job_file.ts";
import { diskFault } from "../files/disk_fault.ts";
import { removeTree, syncDirectory } from "../files/durable.ts";

/** What a job's directory holds beside its files: their sizes and hashes. */
export const MANIFEST = "manifest.json";
const READ_BYTES = 2 ** 20;

/** Where a job's files lie while they are made. What is there outlives a worker, until the job has ended. */
export const unfinishedOf = (directory: string, job: string): string =>
  join(directory, `.${checkId("job", job)}.tmp`);

/**
 * Keeps files that a job has made, all at once: they appear whole and durable, or not at all. What an earlier attempt at the
 * job has kept is replaced.
 *
 * @param directory Where results lie (`DATA_DIR/results`); made if it is missing.
 * @param contents By name: text, or bytes.
 * @returns The files, in that order: what goes into the job's `result.files`.
 * @throws {RangeError} If a name is none that a file may have.
 * @throws {DomainError} `disk_full`, also where the disk fails or may not be written to.
 */
export async function writeResults(
  directory: string,
  job: string,
  contents: Record<string, string | Uint8Array<ArrayBuffer>>,
): Promise<JobFile[]> {
  const unfinished = unfinishedOf(directory, job);
  return await tellingDiskFaults(job, async () => {
    await removeTree(unfinished);
    await Deno.mkdir(unfinished, { recursive: true });
    for (const [name, content] of Object.entries(contents)) {
      await writeSynced(join(unfinished, checkName(name)), content);
    }
    return await completeResults(directory, job, Object.keys(contents));
  });
}

/**
 * Completes what lies in {@link unfinishedOf}: its files are described and synced, and become the job's.
 *
 * @param names Of its files; what else lies there goes.
 * @param about Plain JSON: what they are of, see {@link keptResults}.
 * @throws As `writeResults`.
 */
export async function completeResults(
  directory: string,
  job: string,
  names: string[],
  about: Record<string, unknown> = {},
): Promise<JobFile[]> {
  const unfinished = unfinishedOf(directory, job), path = join(directory, job);
  return await tellingDiskFaults(job, async () => {
    const files: JobFile[] = [];
    for (const name of names) files.push(await describe(unfinished, checkName(name)));
    for await (const { name } of Deno.readDir(unfinished)) {
      if (!names.includes(name)) await removeTree(join(unfinished, name));
    }
    await writeSynced(
      join(unfinished, MANIFEST),
      JSON.stringify({ format: 1, about, files }, null, 2) + "\n",
    );
    await syncDirectory(unfinished);
    const old = join(directory, `.${job}.old`);
    await removeTree(old);
    await renameIfThere(path, old);
    await Deno.rename(unfinished, path);
    await syncDirectory(directory);
    await removeTree(old);
    return files;
  });
}

/**
 * The files that an earlier attempt at the job has completed, if they are of the same: a worker may die between that and its
 * saying so.
 */
export async function keptResults(
  directory: string,
  job: string,
  about: Record<string, unknown>,
): Promise<JobFile[] | undefined> {
  try {
    const manifest = JSON.parse(await Deno.readTextFile(join(directory, job, MANIFEST)));
    return JSON.stringify(manifest.about) === JSON.stringify(about) ? manifest.files : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Turns a disk that takes nothing more into the error that pauses the job. */
export async function tellingDiskFaults<T>(job: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const reason = diskFault(error);
    throw reason ? new DomainError("disk_full", `Cannot keep the files of ${job}: ${reason}`) : error;
  }
}

function checkName(name: string): string {
  if (JOB_FILE_NAME.test(name) && name !== MANIFEST) return name;
  throw new RangeError(
    `Cannot keep ${
      JSON.stringify(name)
    }: a file's name must be other than ${MANIFEST}, and match ${JOB_FILE_NAME}`,
  );
}

async function describe(directory: string, name: string): Promise<JobFile> {
  using file = await Deno.open(join(directory, name));
  const hash = createHash("sha256"), buffer = new Uint8Array(READ_BYTES);
  let bytes = 0;
  for (let got = await file.read(buffer); got !== null; got = await file.read(buffer)) {
    hash.update(buffer.subarray(0, got));
    bytes += got;
  }
  await file.sync(); // whoever wrote it may have left that to us
  return { name, bytes, sha256: hash.digest("hex") };
}

async function writeSynced(path: string, content: string | Uint8Array): Promise<void> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  using file = await Deno.open(path, { write: true, create: true, truncate: true });
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
  await file.sync();
}

async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await Deno.rename(from, to);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
