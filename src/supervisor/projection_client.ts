import { abortable } from "@std/async/abortable";
import { DomainError, GPU_LOST } from "../domain/errors.ts";
import type { JobProgress } from "../domain/job.ts";
import type { NeighborIndexKey } from "../domain/neighbors.ts";
import type { ProjectionProgress, Projector } from "../domain/projection.ts";
import { log } from "../log/log.ts";
import { type ChildProcess, WorkerDied } from "./child_process.ts";
import { type NeighborClient, stopped } from "./neighbor_client.ts";

/** What a request waits before it is told how far its projection is. */
const WAIT_MS = 2000;
/** When nobody has asked for so long, it is given up: a browser's page in the background asks once a minute. */
const IDLE_MS = 180_000;
/** How often it is tried when its worker dies over it. */
const ATTEMPTS = 3;

/** A projection that is being made. */
interface Making {
  key: NeighborIndexKey;
  abort: AbortController;
  ended: Promise<void>;
  stage: ProjectionProgress["stage"];
  progress?: JobProgress;
  idle?: ReturnType<typeof setTimeout>;
}

/** The embedding worker's projections as a port. Each is made once, whoever asks, for as long as anybody does. */
export class ProjectionClient implements Projector {
  readonly #makings = new Map<string, Making>();

  constructor(
    readonly child: Pick<ChildProcess, "request" | "isClosed">,
    /** Has the embeddings made that it is of. */
    readonly indexes: Pick<NeighborClient, "make" | "giveUp">,
    readonly options: { waitMs?: number; idleMs?: number } = {},
  ) {}

  async make(key: NeighborIndexKey, signal?: AbortSignal): Promise<ProjectionProgress | undefined> {
    const name = nameOf(key), making = this.#makings.get(name) ?? this.#begin(name, key);
    clearTimeout(making.idle);
    making.idle = setTimeout(() => this.#end(name, making), this.options.idleMs ?? IDLE_MS);
    const late = AbortSignal.timeout(this.options.waitMs ?? WAIT_MS);
    try {
      await abortable(making.ended, signal ? AbortSignal.any([signal, late]) : late);
    } catch (error) {
      if (error === late.reason) return standing(making);
      if (error !== signal?.reason) this.#end(name, making); // whoever asks next begins anew
      throw error;
    }
  }

  /** Gives up what is being made and not wanted any more, and the embeddings that it is of. */
  async giveUp(isWanted: (key: NeighborIndexKey) => boolean): Promise<void> {
    const unwanted = [...this.#makings].filter(([, { key }]) => !isWanted(key));
    for (const [name, making] of unwanted) this.#end(name, making);
    await Promise.allSettled(unwanted.map(([, { ended }]) => ended));
    await this.indexes.giveUp(isWanted);
  }

  /** Gives up everything. */
  close(): void {
    for (const [name, making] of this.#makings) this.#end(name, making);
  }

  #end(name: string, making: Making): void {
    clearTimeout(making.idle);
    making.abort.abort(new DomainError("not_found", "Cannot project: nobody wanted it, or it was deleted"));
    if (this.#makings.get(name) === making) this.#makings.delete(name);
  }

  #begin(name: string, key: NeighborIndexKey): Making {
    const making: Making = {
      ...{ key, abort: new AbortController(), ended: Promise.resolve(), stage: "waiting" },
    };
    this.#makings.set(name, making);
    making.ended = this.#make(making);
    making.ended.then(() => this.#end(name, making), (error) => { // kept until somebody is told, or nobody asks
      if (!making.abort.signal.aborted) log.warn(`Cannot project ${key.dataset} by ${key.checkpoint}`, error);
    });
    return making;
  }

  async #make(making: Making): Promise<void> {
    const { key, abort: { signal } } = making;
    for (let attempt = 1;; attempt++) {
      try {
        return await this.#project(making);
      } catch (error) {
        const type = error instanceof DomainError ? error.options.type : undefined;
        if (type === "index_missing") {
          await this.indexes.make(key, signal, (progress) => {
            making.stage = "embedding";
            making.progress = progress;
          });
        } else if (!(error instanceof WorkerDied || type === GPU_LOST)) throw error;
        if (attempt >= ATTEMPTS || this.child.isClosed) throw stopped();
      }
    }
  }

  async #project(making: Making): Promise<void> {
    await this.child.request({ type: "project", key: making.key }, undefined, (reply) => {
      if (reply.type !== "progress") return;
      making.stage = "projecting";
      making.progress = reply.progress;
    }, making.abort.signal);
  }
}

const nameOf = ({ checkpoint, fingerprint }: NeighborIndexKey): string => `${checkpoint}-${fingerprint}`;

const standing = ({ stage, progress }: Making): ProjectionProgress => ({
  ...{ stage, done: progress?.step ?? 0, total: progress?.total_steps ?? 0, eta_s: progress?.eta_s ?? null },
});
