import { join } from "@std/path";
import { isId } from "../domain/ids.ts";
import type { Job } from "../domain/job.ts";
import { filesOf } from "../domain/job_file.ts";
import type { Page, Paged, Store } from "../domain/ports.ts";
import { namesIn } from "../files/look.ts";

type Listed = { id: string } | Pick<Job, "id" | "result">;

/**
 * What the database lists and the disk does not have, and the other way round. Nothing is done about either: directories
 * that are not listed are of a crash that came between them and their row, or of a database that is newer than the one in
 * use, and only the operator can tell.
 *
 * @returns Ids of datasets, of checkpoints, and of jobs for their files.
 */
export async function compareWithDisk(
  store: Pick<Store, "listDatasets" | "listCheckpoints" | "listJobs">,
  dataDir: string,
): Promise<{ unlisted: string[]; missing: string[] }> {
  const unlisted: string[] = [], missing: string[] = [];
  for (
    const { folder, prefix, list } of [
      { folder: "datasets", prefix: "ds", list: (page: Page) => store.listDatasets(page) },
      { folder: "checkpoints", prefix: "ckpt", list: (page: Page) => store.listCheckpoints({}, page) },
      { folder: "results", prefix: "job", list: (page: Page) => store.listJobs({}, page) },
    ] as const
  ) {
    const there = new Set((await namesIn(join(dataDir, folder))).filter((name) => isId(prefix, name)));
    for (const one of listed<Listed>(list)) if (!there.delete(one.id) && hasFiles(one)) missing.push(one.id);
    unlisted.push(...[...there].sort());
  }
  return { unlisted, missing };
}

/** A job may have none; whatever else is listed has. */
const hasFiles = (one: Listed): boolean => !("result" in one) || filesOf(one).length > 0;

function* listed<T extends { id: string }>(list: (page: Page) => Paged<T>): Generator<T> {
  let after: string | undefined;
  for (;;) {
    const { data, has_more } = list({ after, limit: 1000 });
    yield* data;
    if (!has_more) return;
    after = data.at(-1)!.id;
  }
}
