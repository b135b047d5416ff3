import type { Recorder } from "../gpu/recorder.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { recordL2Normalize } from "./l2_normalize.ts";
import { recordLinear } from "./linear.ts";

/**
 * Records the cosine of every query with every row of a bank; 0 where a row is zero.
 *
 * @param queries `[Q, D]`, `bank` `[B, D]`: of any lengths.
 * @returns `[Q, B]`, overwritten on every replay.
 * @throws {RangeError} If shapes disagree.
 */
export function recordCosineSimilarity(
  recorder: Recorder,
  label: string,
  queries: Tensor,
  bank: Tensor,
): Tensor {
  const { y: queryUnit } = recordL2Normalize(recorder, `${label}.queries`, queries);
  const { y: bankUnit } = recordL2Normalize(recorder, `${label}.bank`, bank);
  return recordLinear(recorder, label, queryUnit, bankUnit).y; // x · weightᵀ, the weight being the bank
}
