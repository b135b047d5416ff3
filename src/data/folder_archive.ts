import { join } from "@std/path";
import type { ArchiveEntry, OnBytes } from "./archive.ts";
import { overLimit } from "./archive.ts";

const DEPTH = 32;

/**
 * A folder on disk as an archive: its files in order of their names, a folder's where the folder stands. Links are refused,
 * not followed: they may lead anywhere.
 *
 * @throws {DomainError} `invalid` past 32 folders within one another.
 */
export async function* readFolder(root: string, onBytes: OnBytes = () => {}): AsyncGenerator<ArchiveEntry> {
  yield* entriesOf(root, [], onBytes);
}

async function* entriesOf(root: string, folders: string[], onBytes: OnBytes): AsyncGenerator<ArchiveEntry> {
  if (folders.length > DEPTH) throw overLimit(`its folders are more than ${DEPTH} deep`);
  const entries = await Array.fromAsync(Deno.readDir(join(root, ...folders)));
  entries.sort((a, b) => a.name < b.name ? -1 : 1);
  for (const { name, isDirectory, isFile } of entries) {
    const path = [...folders, name].join("/"), file = join(root, path);
    if (isDirectory) {
      yield* entriesOf(root, [...folders, name], onBytes);
      continue;
    }
    const refused = isFile ? undefined : "it is a link or a device, not a file";
    const size = isFile ? (await Deno.lstat(file)).size : 0;
    yield {
      ...{ path, size, ...(refused ? { refused, isLink: true } : {}) },
      chunks: async function* () {
        for await (const chunk of (await Deno.open(file)).readable) {
          onBytes(chunk.length);
          yield chunk;
        }
      },
    };
  }
}
