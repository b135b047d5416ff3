import { join } from "@std/path";
import { isId } from "../domain/ids.ts";
import type { Page, Paged, Store } from "../domain/ports.ts";
import { namesIn } from "../files/look.ts";

/**
 * What the database lists and the disk does not have, and the other way round. Nothing is done about either: directories
 * that are not listed are of a crash that came between them and their row, or of a database that is newer than the one in
 * use, and only the operator can tell.
 *
 * @returns Ids of datasets and checkpoints.
 */
export async function compareWithDisk(
  store: Pick<Store, "listDatasets" | "listCheckpoints">,
  dataDir: string,
): Promise<{ unlisted: string[]; missing: string[] }> {
  const unlisted: string[] = [], missing: string[] = [];
  for (
    const { folder, prefix, list } of [
      { folder: "datasets", prefix: "ds", list: (page: Page) => store.listDatasets(page) },
      { folder: "checkpoints", prefix: "ckpt", list: (page: Page) => store.listCheckpoints({}, page) },
    ] as const
  ) {
    const there = new Set((await namesIn(join(dataDir, folder))).filter((name) => isId(prefix, name)));
    for (const id of idsOf(list)) if (!there.delete(id)) missing.push(id);
    unlisted.push(...[...there].sort());
  }
  return { unlisted, missing };
}

function* idsOf(list: (page: Page) => Paged<{ id: string }>): Generator<string> {
  let after: string | undefined;
  for (;;) {
    const { data, has_more } = list({ after, limit: 1000 });
    for (const { id } of data) yield id;
    if (!has_more) return;
    after = data.at(-1)!.id;
  }
}
