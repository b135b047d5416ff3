import type { Dataset } from "../domain/dataset.ts";
import { fieldErrors } from "../domain/field_errors.ts";
import { isId } from "../domain/ids.ts";
import type { Store } from "../domain/ports.ts";
import { CheckpointConfig, PretrainRequest } from "../domain/pretrain.ts";
import type { Checked, Kind } from "./kind.ts";
import { applyRecipe } from "./recipe.ts";
import { findMismatches, resolvePretrainConfig } from "./resolve_config.ts";

/** `pretrain`: BYOL, without labels. */
export const pretrainKind: Kind = {
  check: checkPretrain,
  work: (config, dataset) => ({
    kind: "pretrain",
    config: resolvePretrainConfig(PretrainRequest.parse(config), dataset),
  }),
  uses: ({ init }) => init,
  keeps: ({ checkpoint = {} }) => CheckpointConfig.parse(checkpoint),
};

function checkPretrain(
  store: Store,
  config: object,
  dataset: Dataset | undefined,
): Checked<Record<string, unknown>> {
  const { data, error } = PretrainRequest.safeParse(config), sent = config as Record<string, unknown>;
  const errors = error ? fieldErrors(error, ["config"]) : [];
  // Zod leaves out a refinement once a field is wrong; both or neither of the two is a mistake all the same.
  const lengths = ["epochs", "steps"].filter((key) => sent[key] !== undefined).length;
  const hasLength = lengths === 1 || (lengths === 0 && String(sent.preset).startsWith("byol-"));
  const said = errors.some(({ pointer }) => pointer === "#/config/epochs" || pointer === "#/config/steps");
  if (!hasLength && !said) {
    errors.push({ pointer: "#/config/epochs", detail: "give either epochs or steps" });
  }
  const reason = findInitMismatch(store, sent);
  if (reason) errors.push({ pointer: "#/config/init", detail: reason });
  // What suits the dataset can be told even beside mistakes elsewhere, as long as these fields are sound.
  const known = data ?? soundPart(sent);
  if (dataset?.status !== "ready" || !known) return { value: data, errors };
  const filled = applyRecipe(known, dataset);
  const told = new Set(errors.map(({ pointer }) => pointer)); // of such fields the defaults are held against it
  errors.push(...findMismatches(filled, dataset).filter(({ pointer }) => !told.has(pointer)));
  return { value: data && filled, errors };
}

/** Those of the fields that the dataset bears upon which are sound on their own, with the others' defaults. */
function soundPart(sent: Record<string, unknown>): PretrainRequest | undefined {
  const part: Record<string, unknown> = { arch: "cifar_resnet8", steps: 1, evaluate: null };
  for (const name of ["batch", "split", "normalization"]) {
    const one = { ...part, [name]: sent[name] };
    if (PretrainRequest.safeParse(one).success) part[name] = sent[name];
  }
  return PretrainRequest.safeParse(part).data;
}

/** What is wrong with the checkpoint that a run is to begin with. */
function findInitMismatch(store: Store, { init, arch }: Record<string, unknown>): string | undefined {
  if (typeof init !== "string") return undefined;
  const checkpoint = isId("ckpt", init) ? store.getCheckpoint(init) : undefined;
  if (!checkpoint) return "there is no such checkpoint";
  const { arch: theirs, files } = checkpoint;
  if (theirs !== arch) return `must be of arch ${String(arch).slice(0, 60)}, got one of ${theirs}`;
  if (files.some(({ name }) => name === "labels.json")) return "must be a pretrain job's, got a classifier";
  if (!files.some(({ name }) => name === "training_state.safetensors")) {
    return "must have training_state.safetensors, as a pretrain job's have: it is a model alone";
  }
}
