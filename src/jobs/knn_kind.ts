import type { Dataset } from "../domain/dataset.ts";
import type { FieldError } from "../domain/errors.ts";
import { fieldErrors } from "../domain/field_errors.ts";
import { KnnConfig } from "../domain/knn.ts";
import type { Store } from "../domain/ports.ts";
import type { Checked, Kind } from "./kind.ts";
import {
  at,
  classesBeside,
  countOf,
  findUnknownCheckpoint,
  type Labels,
  labelsOf,
  some,
} from "./labelled_splits.ts";

/** `knn`: how well a checkpoint's embeddings classify by their neighbours. */
export const knnKind: Kind = {
  check: checkKnn,
  work: (config) => ({ kind: "knn", config: KnnConfig.parse(config) }),
  uses: ({ checkpoint }) => checkpoint,
};

function checkKnn(store: Store, config: object, dataset: Dataset | undefined): Checked<KnnConfig> {
  const { data, error } = KnnConfig.safeParse(config);
  const errors = error ? fieldErrors(error, ["config"]) : [];
  const { checkpoint, bank_split = "train", query_split = "test", k } = config as Record<string, unknown>;
  errors.push(...findUnknownCheckpoint(store, checkpoint));
  const found: Record<string, Labels> = {};
  for (const [field, split] of [["bank_split", bank_split], ["query_split", query_split]] as const) {
    if (dataset?.status !== "ready" || typeof split !== "string" || split === "") continue;
    const { labels, errors: wrong } = labelsOf(dataset, field, split, "k-NN accuracy");
    errors.push(...wrong);
    if (labels) found[field] = labels;
  }
  const { bank_split: bank, query_split: queries } = found;
  if (data?.quality && queries && countOf(queries) < 2) {
    errors.push(at("quality", `needs at least 2 images, got 1 in ${query_split}`));
  }
  if (!bank) return { value: data, errors };
  if (queries) errors.push(...findMissing(bank, queries, String(bank_split)));
  const images = countOf(bank);
  for (const [i, one] of (Array.isArray(k) ? k : [k]).entries()) {
    if (typeof one !== "number" || one <= images) continue;
    const field = Array.isArray(k) ? `k/${i}` : "k";
    errors.push(at(field, `must be at most the bank's ${images} images, got ${one}`));
  }
  return {
    value: data && { ...data, k: k === undefined ? Math.min(Number(data.k), images) : data.k },
    errors,
  };
}

function findMissing(bank: Labels, queries: Labels, split: string): FieldError[] {
  const missing = classesBeside(queries, bank);
  if (missing.length === 0) return [];
  const labels = countOf(bank), classes = Object.keys(bank).length + missing.length;
  const few = labels < classes ? `, whose ${labels} labels are fewer than the ${classes} classes` : "";
  return [at("query_split", `has classes that nothing in ${split}, the bank, is of${few}: ${some(missing)}`)];
}
