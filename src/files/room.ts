import { statfs } from "node:fs/promises";
import { removeTree } from "./durable.ts";

const PROBE_BYTES = 64 * 2 ** 10;

/**
 * Whether a directory's disk has `bytes` free and takes what is written to it: one that fails, or was made read-only, may
 * well have room. Needs the permission to ask the system (`sys: statfs`).
 */
export async function hasRoom(directory: string, bytes: number): Promise<boolean> {
  const probe = `${directory}/.probe-${crypto.randomUUID()}`;
  try {
    const { bavail, bsize } = await statfs(directory);
    if (bavail * bsize < bytes + PROBE_BYTES) return false;
    using file = await Deno.open(probe, { write: true, createNew: true });
    const contents = new Uint8Array(PROBE_BYTES);
    for (let at = 0; at < contents.length;) at += await file.write(contents.subarray(at));
    await file.sync();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return false;
  } finally {
    await removeTree(probe).catch(() => {}); // where that fails, so did the probe
  }
}
