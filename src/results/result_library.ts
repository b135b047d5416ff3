import { join } from "@std/path";
import { checkId, isId } from "../domain/ids.ts";
import { isEnded, type Job } from "../domain/job.ts";
import { filesOf, type ResultLibrary } from "../domain/job_file.ts";
import { removeTree } from "../files/durable.ts";
import { namesIn } from "../files/look.ts";
import { unfinishedOf } from "./result_files.ts";

/** Jobs' files under one directory (`DATA_DIR/results`), by job. */
export class FileResultLibrary implements ResultLibrary {
  constructor(readonly directory: string) {}

  /** @throws {DomainError} `not_found`, if the id is not well-formed; whether the file exists is not looked at. */
  path(job: string, name: string): string {
    return join(this.directory, checkId("job", job), name);
  }

  /** @throws {DomainError} `not_found`, if the id is not well-formed. */
  async discard(job: string): Promise<void> {
    await removeTree(unfinishedOf(this.directory, job));
  }

  /**
   * Removes what nobody will go on with: unfinished files of jobs that have ended, or that there are none of; and whole ones
   * of jobs that have ended without them, a cancelled one's, say. Those of jobs that there are none of stay: they may be of
   * a database that is newer than the one in use. To be called once, at start.
   */
  async sweep(getJob: (job: string) => Job | undefined): Promise<void> {
    for (const name of await namesIn(this.directory)) {
      const id = name.match(/^\.(.+)\.(?:tmp|old)$/)?.[1] ?? name;
      if (!isId("job", id)) continue;
      const job = getJob(id), ended = job && isEnded(job.status);
      const goes = name === id
        ? ended && filesOf(job).length === 0
        : job === undefined || ended || name.endsWith(".old");
      if (goes) await removeTree(join(this.directory, name));
    }
  }
}
