import { DomainError } from "../domain/errors.ts";
import type { RgbImage } from "../domain/image.ts";
import type { EmbeddingStages } from "../domain/measures.ts";
import type { Embedder, ViewsRequest } from "../domain/ports.ts";
import type { RequestBody } from "../ipc/messages.ts";
import { type Answer, type ChildProcess, WorkerDied } from "./child_process.ts";

/** The embedding worker as a port. */
export class EmbeddingClient implements Embedder {
  /** @param onStages Told where each batch spent its time. */
  constructor(
    readonly child: ChildProcess,
    readonly onStages: (stages: EmbeddingStages) => void = () => {},
  ) {}

  ready(): boolean {
    return this.child.adapter !== undefined;
  }

  /** @throws {DomainError} `unavailable` while no worker is ready, or when it died over this request. */
  async embed(checkpoint: string, images: RgbImage[], signal?: AbortSignal): Promise<Float32Array[]> {
    if (!this.ready()) throw unavailable("Cannot embed images: the embedding worker is starting");
    const pixels = new Uint8Array(images.reduce((sum, image) => sum + image.pixels.length, 0));
    let at = 0;
    for (const image of images) {
      pixels.set(image.pixels, at);
      at += image.pixels.length;
    }
    const shapes = images.map(({ width, height }) => ({ width, height }));
    const sent = performance.now();
    const { payload, result } = await this.#request(
      { type: "embed", checkpoint, images: shapes },
      pixels,
      signal,
    );
    const { load, gpu } = result.seconds as Pick<EmbeddingStages, "load" | "gpu">;
    this.onStages({ queue: Math.max(0, (performance.now() - sent) / 1000 - load - gpu), load, gpu });
    const all = new Float32Array(payload.buffer), dim = all.length / images.length;
    return images.map((_, i) => all.slice(i * dim, (i + 1) * dim));
  }

  /** @throws {DomainError} As `embed`. */
  async views(request: ViewsRequest, signal?: AbortSignal): Promise<RgbImage> {
    if (!this.ready()) throw unavailable("Cannot make views: the embedding worker is starting");
    const { result, payload } = await this.#request({ type: "views", request }, undefined, signal);
    return { width: result.width as number, height: result.height as number, pixels: payload };
  }

  async #request(body: RequestBody, payload?: Uint8Array, signal?: AbortSignal): Promise<Answer> {
    try {
      return await this.child.request(body, payload, undefined, signal);
    } catch (error) {
      if (!(error instanceof WorkerDied)) throw error;
      throw unavailable("Cannot answer: the embedding worker stopped over this request; try again");
    }
  }
}

const unavailable = (message: string): DomainError =>
  new DomainError("unavailable", message, { type: "worker_not_ready", retryAfterSeconds: 2 });
