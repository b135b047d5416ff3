import { join } from "@std/path";
import { removeTree } from "../files/durable.ts";

/**
 * A dataset's images are a directory that appears at once and is never changed: `images`, then, each time a part was
 * added, `images-1`, `images-2` and so on. The latest counts; what it shares with those before are links to the same
 * files, so those can go then.
 */
const IMAGES = "images";
const NAME = /^images(?:-([1-9]\d{0,8}))?$/;

const nameOf = (generation: number): string => generation === 0 ? IMAGES : `${IMAGES}-${generation}`;
function generations(dataset: string): number[] {
  const found: number[] = [];
  for (const { name } of readDirectory(dataset)) {
    const match = NAME.exec(name);
    if (match) found.push(Number(match[1] ?? 0));
  }
  return found.sort((a, b) => b - a);
}
function readDirectory(path: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(path)];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** The directory of a dataset's images; undefined as long as there are none. */
export function imagesOf(dataset: string): string | undefined {
  const [latest] = generations(dataset);
  return latest === undefined ? undefined : join(dataset, nameOf(latest));
}
/** Where the next images are to appear. */
export function nextImagesOf(dataset: string): string {
  const [latest = -1] = generations(dataset);
  return join(dataset, nameOf(latest + 1));
}
/** Where they are written until then. */
export const unfinishedImagesOf = (dataset: string): string => join(dataset, `${IMAGES}.tmp`);

/** Removes the generations that a later one has replaced; for whoever knows that nobody reads them any more. */
export async function removeReplaced(dataset: string): Promise<void> {
  for (const generation of generations(dataset).slice(1)) await removeTree(join(dataset, nameOf(generation)));
}
/** Removes what a writer that did not come to an end has left. */
export const removeUnfinished = (dataset: string): Promise<void> => removeTree(unfinishedImagesOf(dataset));
