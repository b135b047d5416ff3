import { delay } from "@std/async/delay";
import type { Dataset, DatasetProgress, DatasetSettings, DatasetSummary } from "../domain/dataset.ts";
import { DomainError } from "../domain/errors.ts";
import { newId } from "../domain/ids.ts";
import type { DatasetLibrary, IngestTask, Store, Upload } from "../domain/ports.ts";
import { log } from "../log/log.ts";

/** A disk that was too full to settle a dataset on, or a fault of ours, is tried again so soon. */
const RETRY_MS = 2000;
/** How often an ingest is tried that ends by a fault of ours, which a bad moment of the disk's may be. */
const ATTEMPTS = 3;

/** The dataset that is being ingested. */
interface Ingest {
  dataset: string;
  abort: AbortController;
  ended: Promise<void>;
  progress?: DatasetProgress;
}

/** Takes datasets in: keeps uploads, makes images of them one dataset at a time, and removes them again. */
export class DatasetIntake {
  #store: Store;
  #library: DatasetLibrary;
  #now: () => Date;
  #retryMs: number;
  readonly #onChanged: () => void;
  #queue: Promise<void> = Promise.resolve();
  /** Ingests that are to come, by dataset. */
  readonly #held = new Map<string, number>();
  #current: Ingest | undefined;
  #stopped = false;
  /** While it is there, no dataset is added to or removed: a backup is being made. */
  #stillness: Promise<void> | undefined;

  /** @param options.onChanged Told when a dataset has been removed, or has settled. */
  constructor({ store, library, now = () => new Date(), retryMs = RETRY_MS, onChanged = () => {} }: {
    store: Store;
    library: DatasetLibrary;
    now?: () => Date;
    retryMs?: number;
    onChanged?: () => void;
  }) {
    this.#onChanged = onChanged;
    this.#store = store;
    this.#library = library;
    this.#now = now;
    this.#retryMs = retryMs;
  }

  /**
   * Keeps an upload and answers with its dataset, `ingesting`. The row comes after the bytes are durable: a dataset
   * that is listed has its upload, and an upload that broke off is never listed.
   *
   * @throws {DomainError} What `DatasetLibrary.receive` throws.
   */
  async accept(
    name: string,
    upload: Upload,
    settings: DatasetSettings,
  ): Promise<Dataset> {
    const id = newId("ds");
    let dataset: Dataset;
    try {
      const bytes = await this.#library.receive(id, upload);
      dataset = {
        ...{ id, object: "dataset", name, status: "ingesting", counts: { images: 0, rejected: 0, bytes } },
        ...{ splits: {}, channel_mean: null, channel_std: null, fingerprint: null },
        ...{ duplicates: null, warnings: [], settings },
        created_at: this.#now().toISOString(),
      };
      this.#store.createDataset(dataset);
    } catch (error) {
      await this.#library.remove(id).catch((e) => log.error(`Cannot clear what was received of ${id}`, e));
      throw error;
    }
    this.#hold(id);
    this.#enqueue(dataset);
    return dataset;
  }

  /**
   * Keeps an upload as another part of a dataset and answers with the dataset, `ingesting` again; the part is durable by
   * then.
   *
   * @throws {DomainError} `not_found`; `conflict` if the dataset has failed or a job that has not ended uses it; what
   *   `DatasetLibrary.receive` throws.
   */
  async add(id: string, upload: Upload): Promise<Dataset> {
    await this.#stillness;
    const dataset: Dataset = { ...this.#expectUnused(id, "add to"), status: "ingesting" };
    // First, so that no job begins meanwhile. Where nothing comes of the upload, an ingest of nothing makes it ready again.
    this.#store.settleDataset(id, { status: "ingesting" });
    this.#hold(id);
    try {
      await this.#library.receive(id, upload);
    } catch (error) {
      if (this.#store.getDataset(id)) throw error;
      throw new DomainError("not_found", `Cannot add to ${id}: it was deleted meanwhile`);
    } finally {
      this.#enqueue(dataset);
    }
    return dataset;
  }

  /** Takes up again what a dead server left `ingesting`. Call once, at start. */
  resume(): void {
    const left: Dataset[] = [];
    let after: string | undefined;
    for (;;) {
      const { data, has_more } = this.#store.listDatasets({ after, limit: 100 });
      left.push(...data.filter((dataset) => dataset.status === "ingesting"));
      if (!has_more) break;
      after = data.at(-1)!.id;
    }
    for (const dataset of left.reverse()) {
      this.#hold(dataset.id);
      this.#enqueue(dataset);
    }
  }

  /** How far the dataset's ingest has come; undefined unless it is under way. */
  progress(id: string): DatasetProgress | undefined {
    return this.#current?.dataset === id ? this.#current.progress : undefined;
  }

  /**
   * Removes a dataset and its bytes; its ingest, if that has not ended, is given up.
   *
   * @throws {DomainError} `not_found`, or `conflict` while a job that has not ended uses it.
   */
  async remove(id: string): Promise<void> {
    await this.#stillness;
    this.#expectUnused(id, "delete");
    // The row first: what is listed has its bytes.
    this.#store.deleteDataset(id);
    if (this.#current?.dataset === id) {
      this.#current.abort.abort();
      await this.#current.ended; // it writes until then
    }
    await this.#library.remove(id);
    this.#onChanged();
  }

  /** Lets `add` and `remove` wait until what it returns is called; one holds at a time. What is ingested goes on. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#stillness = promise;
    return () => {
      this.#stillness = undefined;
      resolve();
    };
  }

  /** Settles when everything accepted so far has been ingested. */
  idle(): Promise<void> {
    return this.#queue;
  }

  /** Begins nothing more and settles nothing more; `resume()` of the next server does it again. */
  stop(): void {
    this.#stopped = true;
  }

  #expectUnused(id: string, what: "add to" | "delete"): Dataset {
    const dataset = this.#store.getDataset(id);
    if (!dataset) throw new DomainError("not_found", `Cannot ${what} ${id}: there is no such dataset`);
    for (const status of ["queued", "running", "paused"] as const) {
      const [job] = this.#store.listJobs({ dataset: id, status }, { limit: 1 }).data;
      if (job) throw new DomainError("conflict", `Cannot ${what} ${id}: ${job.id} uses it and is ${status}`);
    }
    if (what === "add to" && dataset.status === "failed") {
      throw new DomainError("conflict", `Cannot add to ${id}: it has failed; delete it and upload it again`);
    }
    return dataset;
  }

  /** An ingest of it is to come, and will settle it. */
  #hold(id: string): void {
    this.#held.set(id, (this.#held.get(id) ?? 0) + 1);
  }
  #release(id: string): void {
    const others = this.#held.get(id)! - 1;
    if (others > 0) this.#held.set(id, others);
    else this.#held.delete(id);
  }

  /** To be held before. */
  #enqueue(dataset: Dataset): void {
    this.#queue = this.#queue.then(async () => {
      this.#release(dataset.id);
      if (this.#stopped || this.#store.getDataset(dataset.id)?.status !== "ingesting") return; // deleted, or failed, meanwhile
      const abort = new AbortController(), { promise: ended, resolve } = Promise.withResolvers<void>();
      this.#current = { dataset: dataset.id, abort, ended };
      try {
        await this.#ingest(dataset, this.#current);
      } finally {
        this.#current = undefined;
        resolve();
      }
    }).catch((error) => log.error(`Cannot settle ${dataset.id}`, error));
  }

  async #ingest({ id, name, settings }: Dataset, ingest: Ingest): Promise<void> {
    const { signal } = ingest.abort, start = performance.now();
    const onProgress: IngestTask["onProgress"] = (
      { images, earlier = 0, rejected, bytesRead, bytesTotal },
    ) => {
      const seconds = Math.max(1e-3, (performance.now() - start) / 1000);
      ingest.progress = {
        ...{ images, rejected, bytes_read: bytesRead, bytes_total: bytesTotal },
        images_per_s: (images - earlier) / seconds,
        eta_s: bytesRead > 0 ? Math.max(0, bytesTotal / bytesRead - 1) * seconds : null,
      };
    };
    let outcome: Parameters<Store["settleDataset"]>[1];
    try {
      outcome = {
        status: "ready",
        summary: await this.#tryIngest(id, name, { settings, signal, onProgress }),
      };
    } catch (error) {
      if (signal.aborted || this.#stopped) return; // stopped, its worker is: the next server does it again
      if (!(error instanceof DomainError)) log.error(`Cannot ingest ${id}`, error);
      outcome = {
        status: "failed",
        error: error instanceof DomainError
          ? { code: error.options.type ?? error.code, message: error.message }
          : {
            code: "internal",
            message: "Cannot ingest the archive: a fault of the server, which its log describes",
          },
      };
    }
    // While another part of it comes in, the dataset is not through.
    const isThrough = !this.#held.has(id) || outcome.status === "failed";
    if (isThrough) await this.#settle(id, outcome, signal);
  }

  async #tryIngest(id: string, name: string, task: IngestTask): Promise<DatasetSummary> {
    for (let attempt = 1;; attempt++) {
      try {
        return await this.#library.ingest(id, name, task);
      } catch (error) {
        // Over an archive that kills its worker this has been tried again already.
        const isFinal = error instanceof DomainError ||
          (error instanceof Error && error.name === "WorkerDied");
        if (isFinal || attempt === ATTEMPTS || task.signal?.aborted || this.#stopped) throw error;
        log.warn(`Cannot ingest ${id} yet`, error);
        await delay(this.#retryMs, { signal: task.signal });
      }
    }
  }

  /** Unsettled it would be `ingesting` until the server's end: where the disk is full, this waits for room. */
  async #settle(
    id: string,
    outcome: Parameters<Store["settleDataset"]>[1],
    signal: AbortSignal,
  ): Promise<void> {
    for (; !this.#stopped && !signal.aborted; await delay(this.#retryMs, { signal }).catch(() => {})) {
      try {
        this.#store.settleDataset(id, outcome);
        return this.#onChanged();
      } catch (error) {
        if (!(error instanceof DomainError && error.code === "disk_full")) throw error;
        log.error(`Cannot settle ${id} yet: ${error.message}`);
      }
    }
  }
}
