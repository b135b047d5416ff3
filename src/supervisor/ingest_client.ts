import type { DatasetSummary } from "../domain/dataset.ts";
import { DomainError } from "../domain/errors.ts";
import { JobStopped } from "../domain/job.ts";
import type { Ingester, IngestTask } from "../domain/ports.ts";
import { type ChildProcess, WorkerDied } from "./child_process.ts";

/** The worker tells twice a second how far it is. Silent for so long, it loops. */
const SILENCE_MS = 20_000;
/** Processes that may end over one archive: once may be an accident. */
const ATTEMPTS = 2;

/** The ingesting worker as a port. A worker that hangs is killed, and another started. */
export class IngestClient implements Ingester {
  constructor(readonly child: ChildProcess, readonly silenceMs = SILENCE_MS) {}

  /** @throws {WorkerDied} If two processes in a row ended over it. */
  async ingest(
    what: { name: string; archive: string; dataset: string },
    task: IngestTask,
  ): Promise<DatasetSummary> {
    for (let attempt = 1;; attempt++) {
      try {
        return await this.#attempt(what, task);
      } catch (error) {
        task.signal?.throwIfAborted();
        if (!(error instanceof WorkerDied) || attempt === ATTEMPTS || this.child.isClosed) throw error;
      }
    }
  }

  async #attempt(
    what: { name: string; archive: string; dataset: string },
    { settings, part, signal, onProgress }: IngestTask,
  ): Promise<DatasetSummary> {
    await this.child.whenReady(signal);
    // A plain cancel would not wait for the worker, which goes on writing until it has heard of it.
    const stop = new AbortController(), abort = () => stop.abort(new JobStopped("shutdown"));
    signal?.addEventListener("abort", abort, { once: true });
    let hung = false, timer: ReturnType<typeof setTimeout> | undefined;
    const watch = () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        hung = true;
        this.child.kill();
      }, this.silenceMs);
    };
    watch();
    try {
      const { result } = await this.child.request(
        { type: "ingest", ...what, settings, part },
        undefined,
        (reply) => {
          if (reply.type !== "ingesting") return;
          watch();
          if (reply.standing) onProgress?.(reply.standing);
        },
        stop.signal,
      );
      // A decoding thread that was given up goes on for ever: it ends with its process only.
      if (result.hung) this.child.kill();
      return result.summary as DatasetSummary;
    } catch (error) {
      if (!hung) throw error;
      throw new DomainError("malformed", "Cannot read the archive: whoever reads it never comes to an end", {
        type: "archive_malformed",
      });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    }
  }
}
