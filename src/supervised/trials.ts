import { DomainError } from "../domain/errors.ts";
import type { FinetuneConfig } from "../domain/finetune.ts";
import { learningRate, steppedRate } from "../optim/schedule.ts";
import type { LabelChoice } from "./labels.ts";

/** One of the sweep's combinations of a rate and a length. */
export interface Candidate {
  base_lr: number;
  /** One of the two. */
  epochs?: number;
  steps?: number;
}
/** A candidate that was trained, and how right it was on the validation images; null if it diverged. */
export interface TrialResult extends Candidate {
  steps: number;
  validation_top1: number | null;
}

/** One training of the sweep, or the final one: every number that it depends on. */
export interface Trial extends Candidate {
  /** From 0; the final one comes last. */
  index: number;
  items: Uint32Array;
  batch: number;
  stepsPerEpoch: number;
  steps: number;
  statDecay: number;
}

/** The trainings of a run, one after another: the trials, and the final one by the best of them. */
export class Sweep {
  readonly trials: readonly Trial[];
  readonly #candidates: readonly Candidate[];
  readonly #finalItems: Uint32Array;

  /** @param results What trials came to so far; grows while the run goes on. */
  constructor(
    readonly config: FinetuneConfig,
    { train, validation }: Pick<LabelChoice, "train" | "validation">,
    readonly results: TrialResult[],
  ) {
    this.#candidates = candidatesOf(config);
    const tried = config.validation === null ? [] : this.#candidates;
    this.trials = tried.map((candidate, i) => trialOf(config, candidate, i, train));
    this.#finalItems = finalItems(config, { train, validation });
  }

  isFinal(index: number): boolean {
    return index === this.trials.length;
  }

  /** The training of that number. @throws {DomainError} `invalid`, type `diverged`: there is none to choose. */
  at(index: number): Trial {
    if (!this.isFinal(index)) return this.trials[index];
    if (this.trials.length === 0) return this.#final(this.#candidates[0]);
    const best = bestOf(this.results);
    if (best !== undefined) return this.#final(this.#candidates[best]);
    throw diverged("every trial has diverged");
  }

  /** Steps of all trainings before that one. */
  stepsBefore(index: number): number {
    return this.trials.slice(0, index).reduce((sum, { steps }) => sum + steps, 0);
  }
  /** Steps in all, told while training `index`: until the best is known, the final one may be the longest. */
  totalAt(index: number): number {
    const final = this.isFinal(index)
      ? this.at(index).steps
      : Math.max(...this.#candidates.map((candidate) => this.#final(candidate).steps));
    return this.stepsBefore(this.trials.length) + final;
  }

  #final = (candidate: Candidate): Trial =>
    trialOf(this.config, candidate, this.trials.length, this.#finalItems);
}

/** Of a training whose loss or weights are no numbers. */
export const diverged = (reason: string): DomainError =>
  new DomainError("invalid", `Cannot fine-tune: ${reason}; lower base_lr`, { type: "diverged" });

/** What the final training is of; all that any training is. */
export const finalItems = (
  { refit }: Pick<FinetuneConfig, "refit">,
  { train, validation }: Pick<LabelChoice, "train" | "validation">,
): Uint32Array => refit ? Uint32Array.from([...train, ...validation]).sort() : train;

/** All combinations, in the order that the config has them in: rates, and lengths within a rate. */
export function candidatesOf({ base_lr, epochs, steps }: FinetuneConfig): Candidate[] {
  return base_lr.flatMap((base_lr) =>
    epochs?.map((epochs): Candidate => ({ base_lr, epochs })) ??
      steps!.map((steps): Candidate => ({ base_lr, steps }))
  );
}

/** A candidate's training on `items`, of which there are as many as a batch has, at least. */
export function trialOf(
  config: FinetuneConfig,
  candidate: Candidate,
  index: number,
  items: Uint32Array,
): Trial {
  const { batch } = config, stepsPerEpoch = Math.floor(items.length / batch);
  return {
    ...candidate,
    ...{ index, items, batch, stepsPerEpoch },
    steps: candidate.steps ?? Math.max(1, Math.round(candidate.epochs! * stepsPerEpoch)),
    // The paper's, of fine-tuning (byol.md §B1, transfer): a short epoch's statistics are of some ten epochs.
    statDecay: config.stat_decay ?? Math.max(1 - 10 / stepsPerEpoch, 0.9),
  };
}

/** The number of the trial that was best on validation, the first of equal ones; none where all have diverged. */
export function bestOf(results: readonly Pick<TrialResult, "validation_top1">[]): number | undefined {
  let best: number | undefined;
  for (const [i, { validation_top1: top1 }] of results.entries()) {
    if (top1 !== null && top1 > (best === undefined ? -1 : results[best].validation_top1!)) best = i;
  }
  return best;
}

/** The learning rate of a trial's step k, from 0. */
export function rateAt({ schedule }: FinetuneConfig, { base_lr, batch, steps }: Trial, k: number): number {
  const peak = (base_lr * batch) / 256;
  return schedule === "cosine" ? learningRate(k, steps, 0, peak) : steppedRate(k, steps, peak);
}
