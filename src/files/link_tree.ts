import { syncDirectory } from "./durable.ts";

/**
 * Gives every file of a directory, and of those in it, a second name in a new one; copies it where the file system has no
 * hard links. For files that never change: whatever is written to one is written to both. Durable when it resolves.
 *
 * @returns Bytes of all files.
 * @throws {Deno.errors.NotFound} If `from`, or something in it, is not there or goes meanwhile.
 */
export async function linkTree(from: string, to: string): Promise<number> {
  await Deno.mkdir(to);
  let bytes = 0;
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    const [source, target] = [from, to].map((directory) => `${directory}/${name}`);
    bytes += isDirectory ? await linkTree(source, target) : await linkFile(source, target);
  }
  await syncDirectory(to);
  return bytes;
}

/** Gives one file a second name, as {@link linkTree}. @returns Its bytes. */
export async function linkFile(from: string, to: string): Promise<number> {
  try {
    await Deno.link(from, to);
    return (await Deno.stat(to)).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw error;
    return await copyFile(from, to); // a file system without hard links
  }
}

/** Copies one file, durably. @returns Its bytes. */
export async function copyFile(from: string, to: string): Promise<number> {
  await Deno.copyFile(from, to);
  using file = await Deno.open(to, { read: true, write: true });
  await file.sync();
  return (await file.stat()).size;
}
