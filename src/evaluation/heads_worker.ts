import type { EmbeddingQuality } from "./quality.ts";
import type { LabelledEmbeddings } from "./knn.ts";
import type { Answers, LinearHead } from "./linear_head.ts";
import type { LogisticOptions } from "./logistic_regression.ts";
import type { SgdOptions } from "./sgd_heads.ts";

/** How one weight of the penalty did, on what was held out. */
export interface SweepPoint {
  lambda: number;
  /** Top-1 on what was held out. */
  top1: number;
  /** The objective on what it was trained on. */
  loss: number;
  iterations: number;
  converged: boolean;
}
type Limits = Pick<LogisticOptions, "tolerance" | "maxIterations">;

/** What the thread does, by name: what it is told, and what it answers. */
export interface HeadCalls {
  /** Fits a head for each lambda, from the largest on, each from the one before; points are in the order of `lambdas`. */
  sweep: {
    told: Limits & {
      train: LabelledEmbeddings;
      held: LabelledEmbeddings;
      dim: number;
      classes: number;
      lambdas: number[];
    };
    answer: SweepPoint[];
  };
  fit: {
    told: Limits & { train: LabelledEmbeddings; dim: number; classes: number; lambda: number };
    answer: { head: LinearHead; loss: number; iterations: number; converged: boolean };
  };
  /** Begins anew: the heads that `epoch` trains. */
  begin: { told: SgdOptions; answer: null };
  /** Trains the heads on rows, in their order. @returns Mean losses, a head each. */
  epoch: { told: LabelledEmbeddings & { batch: number }; answer: number[] };
  /** The heads that `epoch` has trained. */
  heads: { told: null; answer: LinearHead[] };
  classify: { told: LabelledEmbeddings & { head: LinearHead<Float32Array | Float64Array> }; answer: Answers };
  quality: {
    told: { rows: Float32Array; dim: number; pairs?: [Float32Array, Float32Array] };
    answer: EmbeddingQuality;
  };
}
export type HeadCall = keyof HeadCalls;
export interface HeadRequest<C extends HeadCall = HeadCall> {
  id: number;
  call: C;
  told: HeadCalls[C]["told"];
}
export type HeadAnswer =
  | { id: number; progress: number }
  | { id: number; value: HeadCalls[HeadCall]["answer"] }
  | { id: number; failure: string };

/** Trains classifiers of embeddings on a thread of its own: what takes minutes must not keep a worker from saying it lives. */
export class HeadsWorker {
  readonly #thread: Worker;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown> & { progress?(share: number): void }>();
  #nextId = 1;
  #ended: string | undefined;

  /** @param signal Once it is aborted, what was asked rejects with its reason, and the thread ends. */
  constructor(readonly signal?: AbortSignal) {
    this.#thread = new Worker(new URL("./heads_thread.ts", import.meta.url).href, { type: "module" });
    this.#thread.onmessage = ({ data }: MessageEvent<HeadAnswer>) => {
      const waiting = this.#waiting.get(data.id);
      if ("progress" in data) return waiting?.progress?.(data.progress);
      this.#waiting.delete(data.id);
      if ("value" in data) waiting?.resolve(data.value);
      else waiting?.reject(new RangeError(data.failure));
    };
    this.#thread.onerror = (event) => {
      event.preventDefault(); // else the error ends this process too
      this.#end(`its thread crashed: ${event.message}`);
    };
    signal?.addEventListener("abort", this.#abort, { once: true });
  }

  /** @param progress Told now and then how much is done, 0 … 1. @throws {RangeError} As what it calls does. */
  ask<C extends HeadCall>(
    call: C,
    told: HeadCalls[C]["told"],
    progress?: (share: number) => void,
  ): Promise<HeadCalls[C]["answer"]> {
    this.signal?.throwIfAborted();
    if (this.#ended) return Promise.reject(new Error(`Cannot ${call}: ${this.#ended}`));
    const id = this.#nextId++, waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(id, { ...waiting, progress });
    this.#thread.postMessage({ id, call, told } satisfies HeadRequest);
    return waiting.promise as Promise<HeadCalls[C]["answer"]>;
  }

  /** Ends the thread. What was not answered yet rejects. */
  close(): void {
    this.signal?.removeEventListener("abort", this.#abort);
    this.#end("the worker is closed");
  }

  readonly #abort = () => this.#end("it was stopped", this.signal?.reason);

  #end(reason: string, error: unknown = new Error(`Cannot train a classifier: ${reason}`)): void {
    this.#ended ??= reason;
    this.#thread.terminate();
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}
