import type { SizeLimits } from "./allocate.ts";
import type { Capabilities } from "./capabilities.ts";
import type { PipelineCache } from "./pipeline.ts";
import type { Plan } from "./plan.ts";
import { type Preparation, Recorder } from "./recorder.ts";
import type { Tensor } from "./tensor.ts";

/**
 * What recordings make of values that never change, a frozen network's packed weights say: made once and kept, for all the
 * recordings that are given this, and not anew in each of their replays.
 */
export class Prepared implements Preparation {
  readonly #recorder: Recorder;
  readonly #tensors = new Map<string, Tensor>();
  #plan: Plan | undefined;

  /** @param capabilities As a Recorder's. */
  constructor(capabilities: Capabilities) {
    this.#recorder = new Recorder(capabilities);
  }

  /**
   * @param label Says which: what has the same label is the same.
   * @param make Records how it is made, by values that never change.
   * @throws {TypeError} If it is new, and the others are made already.
   */
  of(label: string, make: (recorder: Recorder) => Tensor): Tensor {
    const known = this.#tensors.get(label);
    if (known) return known;
    if (this.#plan) throw new TypeError(`Cannot prepare ${label}: the rest is made already`);
    const tensor = this.#recorder.keep(make(this.#recorder));
    this.#tensors.set(label, tensor);
    return tensor;
  }

  /** Bytes of GPU memory that all of it takes, made or not. @throws {OutOfMemoryError} As `Recorder.memory`. */
  bytes(limits: SizeLimits): number {
    return this.#plan?.memory.bytes ?? this.#recorder.memory(limits).bytes;
  }
  get isMade(): boolean {
    return this.#plan !== undefined;
  }

  /** Makes all that was recorded. @throws {OutOfMemoryError} As `Recorder.compile`. */
  async make(pipelines: PipelineCache): Promise<void> {
    this.#plan = await this.#recorder.compile(pipelines);
    this.#plan.replay();
  }

  destroy(): void {
    this.#plan?.destroy();
  }
}
