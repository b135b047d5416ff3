import type { Work } from "./work.ts";

/** Tells beforehand whether a job fits the GPU. */
export interface Planner {
  /**
   * Resolves soon: also where it cannot be told now, for whoever knows it is at work. Then the run will tell.
   *
   * @throws {DomainError} `invalid`, type `does_not_fit`, naming the largest batch that does.
   */
  expectFit(dataset: string, work: Work): Promise<void>;
}
