import { abortable } from "@std/async/abortable";
import { DomainError, GPU_LOST } from "../domain/errors.ts";
import type { JobProgress } from "../domain/job.ts";
import type { Neighbor, NeighborFinder, NeighborIndexKey, NeighborSearch } from "../domain/neighbors.ts";
import { log } from "../log/log.ts";
import { type ChildProcess, WorkerDied } from "./child_process.ts";

/** What a request waits for an index that is being made before it is told to come again. */
const WAIT_MS = 10_000;
/** How often an index is gone on with whose worker has died over it, without an image more than before. */
const DEATHS = 3;
const LONGEST_RETRY_S = 60;

/** An index that is being made. */
interface Build {
  key: NeighborIndexKey;
  abort: AbortController;
  ended: Promise<void>;
  progress?: JobProgress;
  /** Who watches it being made, and is told how far it is. */
  watchers: Set<(progress: JobProgress) => void>;
  /** It is made though nobody watches: a search wants it. */
  isKept: boolean;
}

/** The embedding worker's indexes as a port. Each is made once, whoever asks for it, and goes on when they have gone. */
export class NeighborClient implements NeighborFinder {
  readonly #builds = new Map<string, Build>();

  constructor(
    readonly child: Pick<ChildProcess, "request" | "isClosed">,
    readonly options: {
      waitMs?: number;
      /** Told when an index was made, or was not: what it is of may have gone meanwhile. */
      onBuilt?: () => void;
    } = {},
  ) {}

  async find(search: NeighborSearch, signal?: AbortSignal): Promise<Neighbor[][]> {
    const { checkpoint, dataset, fingerprint, queries } = search;
    const key = { checkpoint, dataset, fingerprint };
    if (this.#builds.has(nameOf(key))) await this.#made(key, signal);
    const given = queries.flatMap((query) => "embedding" in query ? [query.embedding] : []);
    const items = queries.map((query) => "item" in query ? query.item : null);
    try {
      return await this.#search(search, items, given, signal);
    } catch (error) {
      if (!(error instanceof DomainError && error.options.type === "index_missing")) throw error;
    }
    await this.#made(key, signal);
    return await this.#search(search, items, given, signal);
  }

  /**
   * Has an index made, and waits for it. One that is not for a search, too, is given up when the last who waits has gone.
   *
   * @param onProgress Told how far it is. @throws What `signal` was aborted with; what embedding throws.
   */
  async make(
    key: NeighborIndexKey,
    signal: AbortSignal,
    onProgress: (progress: JobProgress) => void,
  ): Promise<void> {
    const name = nameOf(key), build = this.#builds.get(name) ?? this.#begin(name, key);
    build.watchers.add(onProgress);
    if (build.progress) onProgress(build.progress);
    try {
      await abortable(build.ended, signal);
    } finally {
      build.watchers.delete(onProgress);
      if (build.watchers.size === 0 && !build.isKept) {
        build.abort.abort(stopped());
        if (this.#builds.get(name) === build) this.#builds.delete(name); // whoever asks next begins anew
      }
    }
  }

  /** Gives up what is being made and not wanted any more. */
  async giveUp(isWanted: (key: NeighborIndexKey) => boolean): Promise<void> {
    const unwanted = [...this.#builds.values()].filter(({ key }) => !isWanted(key));
    for (const { abort } of unwanted) {
      abort.abort(new DomainError("not_found", "Cannot search: the dataset or the model was deleted"));
    }
    await Promise.allSettled(unwanted.map(({ ended }) => ended));
  }

  async #search(
    { checkpoint, dataset, fingerprint, k, split }: NeighborSearch,
    items: (number | null)[],
    given: readonly Float32Array[],
    signal?: AbortSignal,
  ): Promise<Neighbor[][]> {
    const embeddings = new Float32Array(given.reduce((sum, row) => sum + row.length, 0));
    let at = 0;
    for (const row of given) {
      embeddings.set(row, at);
      at += row.length;
    }
    const key = { checkpoint, dataset, fingerprint };
    try {
      const { payload } = await this.child.request(
        { type: "neighbors", key, k, split, items },
        new Uint8Array(embeddings.buffer),
        undefined,
        signal,
      );
      return JSON.parse(new TextDecoder().decode(payload));
    } catch (error) {
      throw error instanceof WorkerDied ? stopped() : error;
    }
  }

  /** Waits for an index, which is begun if it is not being made; not for ever. */
  async #made(key: NeighborIndexKey, signal?: AbortSignal): Promise<void> {
    const name = nameOf(key), build = this.#builds.get(name) ?? this.#begin(name, key);
    build.isKept = true;
    const late = AbortSignal.timeout(this.options.waitMs ?? WAIT_MS);
    try {
      await abortable(build.ended, signal ? AbortSignal.any([signal, late]) : late);
    } catch (error) {
      if (error !== late.reason) throw error;
      throw inTheMaking(key, build.progress);
    }
  }

  #begin(name: string, key: NeighborIndexKey): Build {
    const build: Build = {
      ...{ key, abort: new AbortController(), ended: Promise.resolve(), watchers: new Set(), isKept: false },
    };
    this.#builds.set(name, build);
    build.ended = this.#build(build).finally(() => {
      if (this.#builds.get(name) === build) this.#builds.delete(name);
      this.options.onBuilt?.();
    });
    build.ended.catch((error) => { // whoever waits is told; it may be that nobody does
      if (!build.abort.signal.aborted) log.warn(`Cannot embed ${key.dataset} by ${key.checkpoint}`, error);
    });
    return build;
  }

  async #build(build: Build): Promise<void> {
    const { key, abort: { signal } } = build, began = performance.now();
    for (let deaths = 0, step = 0;;) {
      try {
        await this.child.request({ type: "index", key }, undefined, (reply) => {
          if (reply.type !== "progress") return;
          build.progress = reply.progress;
          for (const tell of build.watchers) tell(reply.progress);
        }, signal);
        const seconds = Math.round((performance.now() - began) / 1000);
        return log.info(`${key.dataset} is embedded by ${key.checkpoint}, in ${seconds} s`);
      } catch (error) {
        const isDeath = error instanceof WorkerDied ||
          (error instanceof DomainError && error.options.type === GPU_LOST);
        if (!isDeath || this.child.isClosed) throw error;
        const reached = build.progress?.step ?? 0;
        deaths = reached > step ? 1 : deaths + 1;
        step = reached;
        if (deaths >= DEATHS) throw stopped();
      }
    }
  }
}

const nameOf = ({ checkpoint, fingerprint }: NeighborIndexKey): string => `${checkpoint}-${fingerprint}`;

/** What is told when it is not the request's fault. */
export const stopped = (): DomainError =>
  new DomainError("unavailable", "Cannot answer: the embedding worker stopped over this; try again", {
    ...{ type: "worker_not_ready", retryAfterSeconds: 2 },
  });

function inTheMaking({ dataset }: NeighborIndexKey, progress: JobProgress | undefined): DomainError {
  const far = progress ? `${progress.step} of its ${progress.total_steps} images are` : "it is about to be";
  const seconds = Math.ceil(progress?.eta_s ?? LONGEST_RETRY_S);
  return new DomainError("unavailable", `Cannot search ${dataset} yet: ${far} embedded, and it goes on`, {
    ...{ type: "index_in_the_making", retryAfterSeconds: Math.min(LONGEST_RETRY_S, Math.max(1, seconds)) },
    ...(progress && { progress: { done: progress.step, total: progress.total_steps } }),
  });
}
