import { type Quantiles, quantiles } from "./figures.ts";

/** Asks an address on and on, on a thread of its own, how long its answer takes. */
export class Probe {
  readonly #thread = new Worker(new URL("./health_probe_worker.ts", import.meta.url).href, {
    type: "module",
  });

  constructor(readonly url: string) {}

  /** Asks while `work` is under way, or for so many seconds. In milliseconds; infinity for an answer that was none. */
  async during<T>(work: number | (() => Promise<T>)): Promise<Quantiles & { result?: T }> {
    await this.#say({ url: this.url });
    const result = typeof work === "number"
      ? await new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 1000 * work))
      : await work();
    return { ...quantiles(await this.#say("stop")), result };
  }

  close(): void {
    this.#thread.terminate();
  }

  #say(message: { url: string } | "stop"): Promise<number[]> {
    const answer = new Promise<number[]>((resolve) => this.#thread.onmessage = ({ data }) => resolve(data));
    this.#thread.postMessage(message);
    return answer;
  }
}
