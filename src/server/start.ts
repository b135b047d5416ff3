import { resolve } from "@std/path";
import type { Store } from "../domain/ports.ts";
import { FileKeyRing } from "../keys/key_ring.ts";
import { log } from "../log/log.ts";
import { openSqliteStore } from "../store/sqlite_store.ts";
import type { Command } from "../supervisor/child_process.ts";
import { copyCommand } from "../supervisor/commands.ts";
import { copyByChild } from "../supervisor/file_copier.ts";
import { startFailure } from "../supervisor/start_failure.ts";

/** Ends the process if the one that is to ingest cannot load sharp; this one must not try, it has no right to native code. */
export async function requireSharp(ingest: Command): Promise<void> {
  const failure = await startFailure(ingest);
  if (failure === undefined) return;
  log.error(
    `Cannot start: IMAGE_DECODER must be wasm, or sharp where it can be loaded, got "sharp": ${failure}`,
  );
  Deno.exit(2);
}

/** The keys of the file that is named, if one is; ends the process if it cannot be read. */
export function openKeys(path: string): FileKeyRing | undefined {
  if (path === "") return undefined;
  try {
    return new FileKeyRing(resolve(path), log.warn);
  } catch (error) {
    log.error((error as Error).message);
    Deno.exit(2);
  }
}

/** Ends the process, in a line, where another server has the store, or a newer version made it. */
export function openStore(main: string, path: string): Store {
  try {
    return openSqliteStore(
      path,
      undefined,
      (from, to) => copyByChild(copyCommand(main, from, to)),
    );
  } catch (error) {
    log.error(`Cannot start: DATA_DIR cannot be used: ${(error as Error).message}`);
    Deno.exit(2);
  }
}
