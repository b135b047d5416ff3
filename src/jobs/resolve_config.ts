import type { Dataset } from "../domain/dataset.ts";
import { DomainError, type FieldError } from "../domain/errors.ts";
import type {
  EvaluateConfig,
  PretrainConfig,
  PretrainRequest,
  ResolvedPretrainConfig,
} from "../domain/pretrain.ts";
import { applyRecipe, splitOf } from "./recipe.ts";

type Triple = [number, number, number];
const IMAGENET_MEAN: Triple = [0.485, 0.456, 0.406];
const IMAGENET_STD: Triple = [0.229, 0.224, 0.225];

/** Everything about `config` that does not suit `dataset`; pointers are into a job's body. */
export function findMismatches(config: PretrainConfig, dataset: Dataset): FieldError[] {
  const errors: FieldError[] = [];
  const split = splitOf(dataset, config.split);
  if (!split) {
    errors.push({
      pointer: "#/config/split",
      detail: `${dataset.id} has no such split, only ${Object.keys(dataset.splits).join(", ")}`,
    });
  } else if (config.batch > split.images) {
    errors.push({
      pointer: "#/config/batch",
      detail: `must be at most the split's ${split.images} images, got ${config.batch}`,
    });
  }
  if (config.micro_batch !== null && config.batch % config.micro_batch !== 0) {
    errors.push({
      pointer: "#/config/micro_batch",
      detail: `must divide batch, ${config.batch}, got ${config.micro_batch}`,
    });
  }
  if (config.evaluate && split) {
    errors.push(...findEvaluationMismatches(config.evaluate, config.split, dataset));
  }
  if (config.normalization === "dataset" && !(dataset.channel_mean && dataset.channel_std)) {
    errors.push({ pointer: "#/config/normalization", detail: `${dataset.id} has no channel statistics` });
  }
  return errors;
}

function findEvaluationMismatches(
  { split: queries, k }: EvaluateConfig,
  bank: string,
  dataset: Dataset,
): FieldError[] {
  const errors: FieldError[] = [], { images, classes } = splitOf(dataset, bank)!;
  const at = (field: string, detail: string) => errors.push({ pointer: `#/config/evaluate${field}`, detail });
  const found = splitOf(dataset, queries);
  if (!found) at("/split", `${dataset.id} has no such split, only ${Object.keys(dataset.splits).join(", ")}`);
  else if (Object.keys(found.classes).length === 0) {
    at("/split", `${queries} has no labels, and accuracy needs them`);
  } else if (Object.keys(classes).length === 0) {
    at("", `${bank}, the bank, has no labels, and accuracy needs them`);
  }
  if (k > images) at("/k", `must be at most the ${images} images of ${bank}, the bank, got ${k}`);
  return errors;
}

/**
 * Works out every number that a pretrain run depends on.
 *
 * @throws {DomainError} `invalid`, if the dataset lacks the split, has fewer images in it than one batch, or has no
 * channel statistics though they are asked for.
 */
export function resolvePretrainConfig(request: PretrainRequest, dataset: Dataset): ResolvedPretrainConfig {
  const config = applyRecipe(request, dataset);
  const errors = findMismatches(config, dataset);
  if (errors.length > 0) {
    throw new DomainError("invalid", `Cannot train on ${dataset.id}: ${errors[0].detail}`, { errors });
  }
  // The last, incomplete batch of an epoch is dropped.
  const stepsPerEpoch = Math.floor(dataset.splits[config.split].images / config.batch);
  const ofDataset = config.normalization === "dataset";
  return {
    ...config,
    steps_per_epoch: stepsPerEpoch,
    total_steps: config.steps ?? Math.max(1, Math.round(config.epochs! * stepsPerEpoch)),
    warmup_steps: Math.round(config.optimizer.warmup_epochs * stepsPerEpoch),
    peak_lr: config.optimizer.base_lr * config.batch / 256,
    channel_mean: ofDataset ? dataset.channel_mean! : IMAGENET_MEAN,
    channel_std: ofDataset ? dataset.channel_std! : IMAGENET_STD,
  };
}
