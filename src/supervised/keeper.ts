import type { NamedTensors } from "../domain/tensor_data.ts";
import type { TrialResult } from "./trials.ts";

/** Where a run stands: which trial, its steps done, and what the trials before came to. */
export interface Position {
  trial: number;
  step: number;
  results: TrialResult[];
}
/** What a checkpoint is made of. */
export interface TrainedClassifier {
  /** Steps of all trials so far. */
  step: number;
  epoch: number;
  metrics: Record<string, number>;
  position: Position;
  /** Length of the encoder's embeddings. */
  dim: number;
  model: NamedTensors;
  trainingState: NamedTensors;
}

/** Has checkpoints written while training goes on, one at a time. */
export class Keeper {
  #writing: Promise<void> = Promise.resolve();
  #failure: { error: unknown } | undefined;

  /**
   * @param write Keeps a state; resolves when it is safe and told.
   * @param saved The step of the newest checkpoint; −1 if there is none.
   */
  constructor(private readonly write: (state: TrainedClassifier) => Promise<void>, public saved: number) {}

  /** @throws What has kept a checkpoint from being written. */
  expectWell(): void {
    if (this.#failure) throw this.#failure.error;
  }

  /** Reads a state, once the checkpoint before is written, and begins to write it. @throws As `expectWell`. */
  async save(step: number, read: () => Promise<TrainedClassifier>): Promise<void> {
    await this.written();
    const state = await read();
    this.saved = step;
    this.#writing = this.write(state).catch((error) => void (this.#failure ??= { error }));
  }

  /** Settles when nothing is being written. @throws As `expectWell`. */
  async written(): Promise<void> {
    await this.#writing;
    this.expectWell();
  }
  /** As `written`, but does not throw. */
  async idle(): Promise<void> {
    await this.#writing;
  }
}
