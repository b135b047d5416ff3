export interface RankMeRequest {
  id: number;
  values: Float32Array<ArrayBuffer>;
  dim: number;
}
export type RankMeAnswer = { id: number; rank: number } | { id: number; failure: string };

/** Takes RankMe on a thread of its own, started with the first request: most of a second must not hold up training. */
export class RankMeWorker {
  #thread: Worker | undefined;
  readonly #waiting = new Map<number, PromiseWithResolvers<number>>();
  #nextId = 1;
  #closed = false;

  /**
   * As `rankMe`.
   *
   * @param values `[rows, dim]`; copied, the caller's stay as they are.
   */
  compute(values: Float32Array, dim: number): Promise<number> {
    if (this.#closed) return Promise.reject(new Error("Cannot take RankMe: the worker is closed"));
    const id = this.#nextId++, waiting = Promise.withResolvers<number>(), copy = new Float32Array(values);
    this.#waiting.set(id, waiting);
    this.#thread ??= this.#start();
    this.#thread.postMessage({ id, values: copy, dim } satisfies RankMeRequest, [copy.buffer]);
    return waiting.promise;
  }

  /** Ends the thread. What was not computed yet rejects. */
  close(): void {
    this.#closed = true;
    this.#end("the worker is closed");
  }

  #start(): Worker {
    const thread = new Worker(new URL("./rankme_thread.ts", import.meta.url).href, { type: "module" });
    thread.onmessage = ({ data }: MessageEvent<RankMeAnswer>) => {
      const waiting = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if ("rank" in data) waiting?.resolve(data.rank);
      else waiting?.reject(new RangeError(data.failure));
    };
    thread.onerror = (event) => {
      event.preventDefault(); // else the error ends this process too
      this.#end(`its thread crashed: ${event.message}`);
    };
    return thread;
  }

  /** The next request gets a new thread. */
  #end(reason: string): void {
    this.#thread?.terminate();
    this.#thread = undefined;
    for (const waiting of this.#waiting.values()) waiting.reject(new Error(`Cannot take RankMe: ${reason}`));
    this.#waiting.clear();
  }
}
