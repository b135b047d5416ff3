import { DomainError } from "../domain/errors.ts";
import type { RgbImage } from "../domain/image.ts";
import type { EmbeddingStages } from "../domain/measures.ts";
import type { Embedder, ViewsRequest } from "../domain/ports.ts";
import type { RequestBody } from "../ipc/messages.ts";
import { type Answer, type ChildProcess, WorkerDied } from "./child_process.ts";

/** The embedding worker as a port. */
export class EmbeddingClient implements Embedder {
  /** @param watch Whoever knows more of the child than that it has begun. */
  constructor(readonly child: ChildProcess, readonly watch?: { unready(): string[] }) {}

  ready(): boolean {
    return this.unready().length === 0;
  }

  unready(): string[] {
    if (this.child.adapter === undefined) return ["the embedding worker is starting"];
    return this.watch?.unready() ?? [];
  }

  /** @throws {DomainError} `unavailable` while no worker is ready, or when it died over this request. */
  embed(...of: Parameters<Embedder["embed"]>): Promise<Float32Array[]> {
    return this.#rows(false, ...of);
  }
  /** @throws {DomainError} As `embed`; `invalid`, type `not_a_classifier`. */
  classify(...of: Parameters<Embedder["embed"]>): Promise<Float32Array[]> {
    return this.#rows(true, ...of);
  }

  async #rows(
    classify: boolean,
    ...[checkpoint, images, signal, onStages]: Parameters<Embedder["embed"]>
  ): Promise<Float32Array[]> {
    this.#expectReady("embed images");
    const pixels = new Uint8Array(images.reduce((sum, image) => sum + image.pixels.length, 0));
    let at = 0;
    for (const image of images) {
      pixels.set(image.pixels, at);
      at += image.pixels.length;
    }
    const shapes = images.map(({ width, height }) => ({ width, height }));
    const sent = performance.now();
    const { payload, result } = await this.#request(
      { type: "embed", checkpoint, images: shapes, classify },
      pixels,
      signal,
    );
    const { load, gpu } = result.seconds as Pick<EmbeddingStages, "load" | "gpu">;
    onStages?.({ queue: Math.max(0, (performance.now() - sent) / 1000 - load - gpu), load, gpu });
    const all = new Float32Array(payload.buffer), length = all.length / images.length;
    return images.map((_, i) => all.slice(i * length, (i + 1) * length));
  }

  /** @throws {DomainError} As `embed`. */
  async views(request: ViewsRequest, signal?: AbortSignal): Promise<RgbImage> {
    this.#expectReady("make views");
    const { result, payload } = await this.#request({ type: "views", request }, undefined, signal);
    return { width: result.width as number, height: result.height as number, pixels: payload };
  }

  #expectReady(verb: string): void {
    const reasons = this.unready();
    if (reasons.length > 0) throw unavailable(`Cannot ${verb}: ${reasons.join("; ")}`);
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
