import type { Dataset } from "../domain/dataset.ts";
import { DomainError, type FieldError } from "../domain/errors.ts";
import { fieldErrors } from "../domain/field_errors.ts";
import { LinearProbeConfig, LinearProbeRequest, resolveLinearProbe } from "../domain/linear_probe.ts";
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

/** `linear_probe`: how well a linear classifier of a checkpoint's embeddings does. */
export const linearProbeKind: Kind = {
  check: checkLinearProbe,
  work(sent, dataset) {
    const config = LinearProbeConfig.parse(sent), { errors } = findMismatches(config, dataset);
    if (errors.length > 0) {
      throw new DomainError("invalid", `Cannot probe on ${dataset.id}: ${errors[0].detail}`, { errors });
    }
    return { kind: "linear_probe", config };
  },
  uses: ({ checkpoint }) => checkpoint,
};

function checkLinearProbe(
  store: Store,
  config: object,
  dataset: Dataset | undefined,
): Checked<Record<string, unknown>> {
  const { data, error } = LinearProbeRequest.safeParse(config);
  const errors = error ? fieldErrors(error, ["config"]) : [];
  errors.push(...findUnknownCheckpoint(store, (config as Record<string, unknown>).checkpoint));
  if (dataset?.status !== "ready" || !data) return { value: data, errors };
  const { errors: wrong, images } = findMismatches(data, dataset);
  errors.push(...wrong);
  return { value: resolveLinearProbe(data, images), errors };
}

/** Everything about `config` that does not suit `dataset`, and how many images a classifier is trained on at first. */
function findMismatches(
  { train_split, validation, test_split, sgd }: Pick<
    LinearProbeRequest,
    "train_split" | "validation" | "test_split" | "sgd"
  >,
  dataset: Dataset,
): { errors: FieldError[]; images: number } {
  const errors: FieldError[] = [], named: [field: string, split: string][] = [["train_split", train_split]];
  if (typeof validation === "string") named.push(["validation", validation]);
  named.push(["test_split", test_split]);
  const found: Record<string, Labels> = {};
  for (const [i, [field, split]] of named.entries()) {
    const earlier = named.slice(0, i).find(([, other]) => other === split);
    if (earlier) errors.push(at(field, `must be another split than ${earlier[0]}, got ${split}`));
    const { labels, errors: wrong } = labelsOf(dataset, field, split, "a classifier");
    errors.push(...wrong);
    if (labels) found[field] = labels;
  }
  const { train_split: train, ...others } = found;
  if (!train) return { errors, images: 0 };
  for (const [field, labels] of Object.entries(others)) {
    const detail = differenceOf(labels, train, train_split);
    if (detail) errors.push(at(field, detail));
  }
  const classes = Object.keys(train).length;
  if (classes < 2) errors.push(at("train_split", `must have at least 2 classes, got ${classes}`));
  let images = countOf(train);
  if (typeof validation === "number") {
    const single = Object.keys(train).filter((name) => train[name] < 2);
    if (single.length > 0) {
      const detail = `must have at least 2 images of each class, one to hold out, got 1 of ${some(single)}`;
      errors.push(at("train_split", detail));
    }
    for (const count of Object.values(train)) {
      images -= Math.min(count - 1, Math.max(1, Math.round(validation * count)));
    }
  }
  if (sgd?.batch !== undefined && sgd.batch > images) {
    errors.push(
      at("sgd/batch", `must be at most the ${images} images that are trained on, got ${sgd.batch}`),
    );
  }
  return { errors, images };
}

/** What tells a split's classes apart from those of what is trained on, in words; none if nothing does. */
function differenceOf(labels: Labels, train: Labels, split: string): string | undefined {
  const beside = classesBeside(labels, train), missing = classesBeside(train, labels);
  if (beside.length + missing.length === 0) return undefined;
  const classes = Object.keys(train).length + beside.length, few = countOf(train) < classes;
  return [
    `must have the classes of ${split}`,
    ...(beside.length > 0 ? [`has ${some(beside)} beside them`] : []),
    ...(missing.length > 0 ? [`lacks ${some(missing)}`] : []),
    ...(few ? [`whose ${countOf(train)} labels are fewer than the ${classes} classes`] : []),
  ].join("; ");
}
