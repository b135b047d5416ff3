import type { DatasetReader } from "../data/dataset_reader.ts";
import { DomainError } from "../domain/errors.ts";
import { type FinetuneConfig, labelCounts } from "../domain/finetune.ts";
import { RandomStream, STREAM } from "../domain/philox.ts";
import { NO_CLASS } from "../training/label_figures.ts";

/** Which labels a run uses, and the classes that its head tells apart. */
export interface LabelChoice {
  /** The split's classes, in the data set's order: the head's outputs. */
  classes: string[];
  /** Images by number, rising. */
  train: Uint32Array;
  /** Those held out of the labels, or the validation split's; none where nothing is chosen. */
  validation: Uint32Array;
}

type Reader = Pick<DatasetReader, "items" | "classOf" | "classes">;
type LabelConfig = Pick<
  FinetuneConfig,
  "split" | "validation" | "label_fraction" | "labels_per_class" | "label_seed"
>;

/**
 * Chooses labels: of each class the first of a permutation that depends on seed and class alone, so that a larger choice
 * of the same seed has all of a smaller one; of these the last are held out for validation.
 *
 * @throws {DomainError} `invalid`, if a class of the split has too few images, or none that would be trained on.
 */
export function chooseLabels(reader: Reader, config: LabelConfig): LabelChoice {
  const { split, validation, label_seed } = config, byClass = new Map<number, number[]>();
  for (const n of reader.items(split)) {
    const label = reader.classOf(n);
    if (label < 0) continue;
    const found = byClass.get(label);
    if (found) found.push(n);
    else byClass.set(label, [n]);
  }
  const train: number[] = [], held: number[] = [];
  const labels = [...byClass.keys()].sort((a, b) => a - b);
  for (const label of labels) {
    const items = byClass.get(label)!, counts = labelCounts(config, items.length);
    const taken = counts.train + counts.validation;
    if (counts.train < 1 || taken > items.length) {
      const detail = `class ${reader.classes[label]} has ${items.length} images in ${split}, ` +
        `of which ${counts.train} were to be trained on and ${counts.validation} held out`;
      throw new DomainError("invalid", `Cannot choose labels: ${detail}`);
    }
    const order = new RandomStream(label_seed, STREAM.labels, label).permutation(items.length);
    const chosen = Array.from(order.subarray(0, taken), (i) => items[i]);
    for (const [i, n] of chosen.entries()) (i < counts.train ? train : held).push(n);
  }
  const named = typeof validation === "string" ? labelled(reader, validation) : held;
  return {
    classes: labels.map((label) => reader.classes[label]),
    train: Uint32Array.from(train).sort(),
    validation: Uint32Array.from(named).sort(),
  };
}

/** A split's images that have a class. */
export const labelled = (reader: Reader, split: string): Uint32Array =>
  reader.items(split).filter((n) => reader.classOf(n) >= 0);

/** The head's output for each of a data set's classes, by its index; NO_CLASS where it has none. */
export const outputsOf = (reader: Pick<Reader, "classes">, classes: readonly string[]): Uint32Array =>
  Uint32Array.from(reader.classes, (name) => {
    const output = classes.indexOf(name);
    return output < 0 ? NO_CLASS : output;
  });
