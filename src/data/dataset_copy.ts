import { basename, join } from "@std/path";
import { removeTree, syncDirectory } from "../files/durable.ts";
import { copyFile, linkFile, linkTree } from "../files/link_tree.ts";
import { imagesOf } from "./generations.ts";
import { pendingParts } from "./pending_parts.ts";

/** What an ingest that ends at the same moment may cost: each of its parts changes the directory a few times. */
const TRIES = 20;

/**
 * Copies a dataset's directory while it may be ingested: what has been handed in and is not images yet, and the latest
 * images. Both lie in files that never change, so they are links. What is left out is what an ingest would write again,
 * and images that later ones have replaced.
 *
 * @param to The new directory.
 * @returns Bytes of all files.
 * @throws {Deno.errors.NotFound} If there is no such dataset.
 */
export async function copyDataset(from: string, to: string): Promise<number> {
  for (let tries = 1;; tries++) {
    try {
      const bytes = await copyOnce(from, to);
      if (bytes !== undefined) return bytes;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound) || tries === TRIES) throw error;
      await Deno.lstat(from);
    }
    await removeTree(to);
    if (tries === TRIES) throw new Error(`Cannot copy ${from}: it changes all the time`);
  }
}

/** Undefined if other images took the place of those copied: they may have gone half-way. */
async function copyOnce(from: string, to: string): Promise<number | undefined> {
  await Deno.mkdir(to);
  // The parts first: one that becomes images meanwhile is in both, and is not taken in twice.
  const parts = pendingParts(from).map(({ entry }) => basename(entry)), images = imagesOf(from);
  let bytes = 0;
  for (const name of parts) bytes += await linkFile(join(from, name), join(to, name));
  if (images) bytes += await linkTree(images, join(to, basename(images)));
  for await (const { name, isFile } of Deno.readDir(from)) {
    const isReport = isFile && name.endsWith(".json") && !parts.includes(name) && !name.startsWith("upload-");
    if (isReport) bytes += await copyFile(join(from, name), join(to, name));
  }
  await syncDirectory(to);
  return imagesOf(from) === images ? bytes : undefined;
}
