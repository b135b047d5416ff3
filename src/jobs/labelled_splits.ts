import type { Dataset } from "../domain/dataset.ts";
import type { FieldError } from "../domain/errors.ts";
import { isId } from "../domain/ids.ts";
import type { Store } from "../domain/ports.ts";
import { splitOf } from "./recipe.ts";

/** Images with a label, by class. */
export type Labels = Record<string, number>;

export const countOf = (labels: Labels): number => Object.values(labels).reduce((a, b) => a + b, 0);

/** A mistake at a field of a job's config. */
export const at = (field: string, detail: string): FieldError => ({ pointer: `#/config/${field}`, detail });

/** The mistake of naming a checkpoint that there is not. */
export const findUnknownCheckpoint = (store: Store, checkpoint: unknown): FieldError[] =>
  typeof checkpoint === "string" && !(isId("ckpt", checkpoint) && store.getCheckpoint(checkpoint))
    ? [at("checkpoint", "there is no such checkpoint")]
    : [];

/** The labels of a split that a field names, or why it has none. @param use What needs them: "k-NN accuracy". */
export function labelsOf(
  dataset: Dataset,
  field: string,
  split: string,
  use: string,
): { labels?: Labels; errors: FieldError[] } {
  const found = splitOf(dataset, split);
  if (!found) {
    const known = Object.keys(dataset.splits).join(", ");
    return { errors: [at(field, `${dataset.id} has no such split, only ${known}`)] };
  }
  if (countOf(found.classes) === 0) {
    return { errors: [at(field, `${split} has no labels, and ${use} needs them`)] };
  }
  return { labels: found.classes, errors: [] };
}

/** Classes of `labels` that `others` lacks. */
export const classesBeside = (labels: Labels, others: Labels): string[] =>
  Object.keys(labels).filter((name) => !Object.hasOwn(others, name));

/** The first few of some names. */
export const some = (names: string[]): string =>
  names.slice(0, 5).join(", ") + (names.length > 5 ? `, and ${names.length - 5} more` : "");
