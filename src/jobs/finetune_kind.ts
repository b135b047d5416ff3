import type { Checkpoint } from "../domain/checkpoint.ts";
import type { Dataset } from "../domain/dataset.ts";
import type { FieldError } from "../domain/errors.ts";
import { DomainError } from "../domain/errors.ts";
import { fieldErrors } from "../domain/field_errors.ts";
import { FinetuneConfig, FinetuneRequest, FREEZABLE, labelCounts } from "../domain/finetune.ts";
import { isId } from "../domain/ids.ts";
import type { Store } from "../domain/ports.ts";
import { CheckpointConfig } from "../domain/pretrain.ts";
import { applyFinetuneRecipe, countLabels } from "./finetune_recipe.ts";
import type { Checked, Kind } from "./kind.ts";
import { splitOf } from "./recipe.ts";

/** `finetune`: an encoder and a linear classifier, trained together by labels. */
export const finetuneKind: Kind = {
  check: checkFinetune,
  work(sent, dataset) {
    const config = FinetuneConfig.parse(sent), [error] = findMismatches(config, dataset);
    if (error) {
      const errors = [error];
      throw new DomainError("invalid", `Cannot fine-tune on ${dataset.id}: ${error.detail}`, { errors });
    }
    return { kind: "finetune", config };
  },
  uses: ({ init }) => init,
  keeps: ({ checkpoint = {} }) => CheckpointConfig.parse(checkpoint),
};

function checkFinetune(
  store: Store,
  config: object,
  dataset: Dataset | undefined,
): Checked<Record<string, unknown>> {
  const { data, error } = FinetuneRequest.safeParse(config), sent = config as Record<string, unknown>;
  const errors = error ? fieldErrors(error, ["config"]) : [];
  const { init, arch } = sent;
  const begun = typeof init === "string" && isId("ckpt", init) ? store.getCheckpoint(init) : undefined;
  if (typeof init === "string") errors.push(...findInitMismatch(begun, arch));
  if (dataset?.status !== "ready" || !data || errors.length > 0) return { value: data, errors };
  const filled = applyFinetuneRecipe(data, dataset, begun);
  errors.push(...findMismatches(filled, dataset));
  return { value: filled, errors };
}

function findInitMismatch(init: Checkpoint | undefined, arch: unknown): FieldError[] {
  if (!init) return [{ pointer: "#/config/init", detail: "there is no such checkpoint" }];
  if (arch === undefined || arch === init.arch) return [];
  const detail = `must be of arch ${String(arch).slice(0, 60)}, got one of ${init.arch}`;
  return [{ pointer: "#/config/init", detail }];
}

/** Everything about `config` that does not suit `dataset`; pointers are into a job's body. */
function findMismatches(config: FinetuneConfig, dataset: Dataset): FieldError[] {
  const errors: FieldError[] = [];
  const at = (field: string, detail: string) => errors.push({ pointer: `#/config/${field}`, detail });
  const classesOf = (field: string, name: string): Record<string, number> | undefined => {
    const found = splitOf(dataset, name);
    if (!found) at(field, `${dataset.id} has no such split, only ${Object.keys(dataset.splits).join(", ")}`);
    else if (Object.keys(found.classes).length === 0) {
      at(field, `${name} has no labels, and a classifier needs them`);
    } else return found.classes;
  };
  const { split, validation, test_split, base_lr, epochs, steps, freeze, arch } = config;
  const classes = classesOf("split", split);
  for (const [field, name] of [["test_split", test_split], ["validation", validation]] as const) {
    if (typeof name !== "string") continue;
    const others = classesOf(field, name);
    if (field === "validation" && name === split) {
      at(field, `must not be ${split}, the split that is trained on`);
    }
    const detail = classes && others && differenceOf(classes, others);
    if (detail) at(field, `its classes must be those of ${split}: ${detail}`);
  }
  if (classes) findLabelMismatches(config, classes, dataset, at);
  const candidates = base_lr.length * (epochs ?? steps)!.length;
  if (validation === null && candidates > 1) {
    at("validation", `must be a split or a share of the labels, to choose one of ${candidates} by, got null`);
  }
  if (freeze && FREEZABLE.indexOf(freeze) > groupsOf(arch)) {
    at("freeze", `must be a stage of ${arch}, of which layer${groupsOf(arch)} is the last, got ${freeze}`);
  }
  return errors;
}

function findLabelMismatches(
  config: FinetuneConfig,
  classes: Record<string, number>,
  dataset: Dataset,
  at: (field: string, detail: string) => void,
): void {
  const field = config.labels_per_class === undefined ? "label_fraction" : "labels_per_class";
  const names = Object.keys(classes).length;
  if (names < 2) at("split", `must have at least 2 classes, got ${names}`);
  for (const [name, images] of Object.entries(classes)) {
    const { train, validation } = labelCounts(config, images), labels = train + validation;
    const detail = labels === 0
      ? `leaves no label of class ${name}, which has ${images} images, got ${config[field]}`
      : labels > images
      ? `must be at most ${images}, the images of class ${name}, got ${config[field]}`
      : undefined;
    if (detail) return at(field, detail);
    if (train < 1) {
      const held = `${validation} of ${labels} labels of class ${name}`;
      return at(
        "validation",
        `holds out ${held} and leaves none to train on; name a split, or use more labels`,
      );
    }
  }
  const { train } = countLabels(config, dataset);
  if (config.batch > train) {
    at("batch", `must be at most ${train}, the labels that are trained on, got ${config.batch}`);
  }
}

/** What tells two splits' classes apart, in words; none if nothing does. */
function differenceOf(classes: Record<string, number>, others: Record<string, number>): string | undefined {
  const missing = Object.keys(classes).filter((name) => !Object.hasOwn(others, name));
  const extra = Object.keys(others).filter((name) => !Object.hasOwn(classes, name));
  const list = (names: string[]) => names.slice(0, 5).join(", ") + (names.length > 5 ? ", …" : "");
  const parts = [
    ...(missing.length > 0 ? [`it lacks ${list(missing)}`] : []),
    ...(extra.length > 0 ? [`it has ${list(extra)} beside them`] : []),
  ];
  return parts.length > 0 ? parts.join(", and ") : undefined;
}

/** Groups of blocks: `nn/resnet_architecture.ts` has what they are made of. */
const groupsOf = (arch: FinetuneConfig["arch"]): number => arch.startsWith("cifar_") ? 3 : 4;
