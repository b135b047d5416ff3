import type { ModelLatency } from "../domain/measures.ts";

/** What of a model is remembered: so long, and so many requests at most. */
const WINDOW_MS = 300_000, MAX_REQUESTS = 1000;
/** Models that are remembered; the one that was not asked for the longest goes first. */
const MAX_MODELS = 64;

interface Answered {
  at: number;
  ms: number;
  images: number;
}

/** How long requests of each model took lately, from when they had been read to their rows. */
export class ModelLatencies {
  /** Least recently used first: a Map keeps the order of insertion. */
  readonly #models = new Map<string, Answered[]>();

  constructor(readonly now: () => number = () => performance.now()) {}

  /** A request was answered. */
  observe(checkpoint: string, ms: number, images: number): void {
    const answered = this.#models.get(checkpoint) ?? [];
    answered.push({ at: this.now(), ms, images });
    if (answered.length > MAX_REQUESTS) answered.shift();
    this.#models.delete(checkpoint);
    this.#models.set(checkpoint, answered);
    if (this.#models.size > MAX_MODELS) this.#models.delete(this.#models.keys().next().value!);
  }

  /** Of the last five minutes, and a thousand requests at most; null where there were none. */
  of(checkpoint: string): ModelLatency | null {
    const since = this.now() - WINDOW_MS;
    const answered = (this.#models.get(checkpoint) ?? []).filter(({ at }) => at > since);
    if (answered.length === 0) return null;
    const sorted = Float64Array.from(answered, ({ ms }) => ms).sort();
    const rank = (share: number) =>
      +sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)].toFixed(3);
    return {
      requests: answered.length,
      images: answered.reduce((sum, { images }) => sum + images, 0),
      ...{ p50_ms: rank(0.5), p99_ms: rank(0.99) },
    };
  }
}
