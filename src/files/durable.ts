/**
 * Makes durable which files a directory has: without it a crash may lose the names of files that are themselves safe.
 */
export async function syncDirectory(path: string): Promise<void> {
  using directory = await Deno.open(path);
  await directory.sync();
}

/**
 * Removes a file, or a directory and all in it; none is fine. Never at once: for a large file the system takes a tenth of a
 * second, in which whoever waits answers nobody.
 */
export async function removeTree(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
