import { DomainError } from "../domain/errors.ts";
import type { RgbImage } from "../domain/image.ts";
import type { EmbeddingStages } from "../domain/measures.ts";
import type { Embedder, ViewsRequest } from "../domain/ports.ts";

/** As many as the worker's largest plan holds. */
const BATCH_IMAGES = 128;
/** Pixels' bytes of a batch: what is larger goes alone, and harms no other request where it is too much. */
const BATCH_BYTES = 32 * 2 ** 20;
/** One batch that is worked on, and one that is there when it ends. */
const IN_FLIGHT = 2;
/** How long before a batch is expected to end the next is closed and sent: until then, whatever comes is still in it. */
const LEAD_MS = 10;

/** What is asked of a checkpoint. */
type Pass = "embed" | "classify";
/** One call of `embed` or `classify`. */
interface Request {
  pass: Pass;
  checkpoint: string;
  images: readonly RgbImage[];
  rows: Float32Array[];
  /** The first image that is in no batch yet. */
  next: number;
  /** Images whose rows are still to come. */
  left: number;
  signal?: AbortSignal;
  onStages?: (stages: EmbeddingStages) => void;
  settled: boolean;
  outcome: PromiseWithResolvers<Float32Array[]>;
}
interface Batch {
  pass: Pass;
  checkpoint: string;
  parts: { request: Request; from: number; count: number }[];
  images: RgbImage[];
}

/**
 * Embeds the images of all requests together, oldest first: while one batch is worked on, whatever comes for the same
 * checkpoint makes up the next, and what is to be classified one of its own. Nobody waits for a batch to fill.
 */
export class EmbeddingQueue implements Embedder {
  readonly #requests: Request[] = [];
  #inFlight = 0;
  #queued = 0;
  /** When the batch that is worked on began to be, and how long the one before it was: as long is expected of it. */
  #began = 0;
  #lastTook = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param options.maxImages Images that may wait; those that are worked on are not counted. */
  constructor(
    readonly embedder: Embedder,
    readonly options: { maxImages: number; batchImages?: number; batchBytes?: number },
  ) {}

  ready(): boolean {
    return this.embedder.ready();
  }
  unready(): string[] {
    return this.embedder.unready();
  }
  views(request: ViewsRequest, signal?: AbortSignal): Promise<RgbImage> {
    return this.embedder.views(request, signal);
  }
  /** Images that wait. */
  get queued(): number {
    return this.#queued;
  }

  /**
   * @param signal Takes what is in no batch yet out of the queue; the promise then rejects with its reason.
   * @throws {DomainError} `queue_full`; what the embedder throws.
   */
  embed(...of: Parameters<Embedder["embed"]>): Promise<Float32Array[]> {
    return this.#enter("embed", ...of);
  }
  /** As `embed`. */
  classify(...of: Parameters<Embedder["embed"]>): Promise<Float32Array[]> {
    return this.#enter("classify", ...of);
  }

  #enter(
    pass: Pass,
    ...[checkpoint, images, signal, onStages]: Parameters<Embedder["embed"]>
  ): Promise<Float32Array[]> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (images.length === 0) return Promise.resolve([]);
    const { maxImages } = this.options;
    if (this.#queued + images.length > maxImages && this.#queued > 0) {
      return Promise.reject(
        new DomainError(
          "queue_full",
          `Cannot embed now: ${this.#queued} images wait, of at most ${maxImages}`,
          {
            retryAfterSeconds: 1,
          },
        ),
      );
    }
    const request: Request = {
      ...{ pass, checkpoint, images, signal, onStages, rows: new Array(images.length) },
      ...{ next: 0, left: images.length, settled: false, outcome: Promise.withResolvers() },
    };
    const leave = () => this.#reject(request, signal!.reason);
    signal?.addEventListener("abort", leave, { once: true });
    this.#requests.push(request);
    this.#queued += images.length;
    this.#dispatch();
    return request.outcome.promise.finally(() => signal?.removeEventListener("abort", leave));
  }

  #dispatch(): void {
    clearTimeout(this.#timer);
    while (this.#inFlight < IN_FLIGHT && this.#requests.length > 0) {
      if (this.#inFlight === 0) this.#began = performance.now();
      const early = this.#inFlight && this.#began + this.#lastTook - LEAD_MS - performance.now();
      if (early > 0 && this.#queued < (this.options.batchImages ?? BATCH_IMAGES)) {
        this.#timer = setTimeout(() => this.#dispatch(), early);
        return;
      }
      this.#inFlight++;
      this.#run(this.#take()).finally(() => {
        const now = performance.now();
        this.#inFlight--;
        this.#lastTook = now - this.#began;
        this.#began = now;
        this.#dispatch();
      });
    }
  }

  /** The next batch: of the oldest request's checkpoint, from it and whatever else waits for the same. */
  #take(): Batch {
    const { batchImages = BATCH_IMAGES, batchBytes = BATCH_BYTES } = this.options,
      [{ pass, checkpoint }] = this.#requests;
    const batch: Batch = { pass, checkpoint, parts: [], images: [] };
    let bytes = 0;
    const like = this.#requests.filter((one) => one.checkpoint === checkpoint && one.pass === pass);
    for (const request of like) {
      const from = request.next;
      while (request.next < request.images.length && batch.images.length < batchImages) {
        const image = request.images[request.next];
        if (batch.images.length > 0 && bytes + image.pixels.length > batchBytes) break;
        bytes += image.pixels.length;
        batch.images.push(image);
        request.next++;
      }
      if (request.next === from) break; // full
      batch.parts.push({ request, from, count: request.next - from });
      this.#queued -= request.next - from;
      if (request.next === request.images.length) this.#forget(request);
    }
    return batch;
  }

  async #run({ pass, checkpoint, parts, images }: Batch): Promise<void> {
    const gone = new AbortController();
    const leave = () => {
      if (parts.every(({ request }) => request.settled)) gone.abort();
    };
    for (const { request } of parts) request.outcome.promise.then(leave, leave);
    try {
      const rows = await this.embedder[pass](checkpoint, images, gone.signal, (stages) => {
        for (const { request } of parts) request.onStages?.(stages);
      });
      let at = 0;
      for (const { request, from, count } of parts) {
        for (let i = 0; i < count; i++) request.rows[from + i] = rows[at++];
        request.left -= count;
        if (request.left > 0 || request.settled) continue;
        request.settled = true;
        request.outcome.resolve(request.rows);
      }
    } catch (error) {
      for (const { request } of parts) this.#reject(request, error);
    }
  }

  #reject(request: Request, reason: unknown): void {
    if (request.settled) return;
    request.settled = true;
    this.#queued -= request.images.length - request.next;
    request.next = request.images.length;
    this.#forget(request);
    request.outcome.reject(reason);
  }
  #forget(request: Request): void {
    const at = this.#requests.indexOf(request);
    if (at >= 0) this.#requests.splice(at, 1);
  }
}
