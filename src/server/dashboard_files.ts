import { join } from "@std/path";
import type { DashboardAsset, DashboardFiles } from "../domain/dashboard.ts";

interface Manifest {
  page: { html: string; hash: string };
  /** Media types, by name. */
  assets: Record<string, string>;
}

/**
 * What `deno task dashboard` left in `directory`. The manifest is looked at on every call, so what is built anew is served
 * without a restart; files are read once.
 */
export function dashboardFiles(directory: string): DashboardFiles {
  const path = join(directory, "manifest.json"), read = new Map<string, Promise<DashboardAsset>>();
  let manifest: Manifest | undefined, readAt: number | undefined;
  async function current(): Promise<Manifest | undefined> {
    const changed = (await Deno.stat(path).catch(() => undefined))?.mtime?.getTime();
    if (changed === undefined) return manifest = readAt = undefined;
    if (changed !== readAt) {
      manifest = JSON.parse(await Deno.readTextFile(path)) as Manifest;
      readAt = changed;
      read.clear();
    }
    return manifest;
  }
  async function load(name: string, mediaType: string): Promise<DashboardAsset> {
    const [bytes, gzip] = await Promise.all(
      [name, `${name}.gz`].map((file) => Deno.readFile(join(directory, file))),
    );
    return { mediaType, bytes, gzip };
  }
  return {
    async page() {
      return (await current())?.page;
    },
    async asset(name) {
      const assets = (await current())?.assets ?? {};
      if (!Object.hasOwn(assets, name)) return undefined;
      const found = read.get(name) ?? load(name, assets[name]);
      read.set(name, found);
      found.catch(() => read.delete(name));
      return await found;
    },
  };
}
