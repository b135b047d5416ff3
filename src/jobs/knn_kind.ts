import type { Dataset } from "../domain/dataset.ts";
import { fieldErrors } from "../domain/field_errors.ts";
import { isId } from "../domain/ids.ts";
import { KnnConfig } from "../domain/knn.ts";
import type { Store } from "../domain/ports.ts";
import type { Checked, Kind } from "./kind.ts";

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
  if (typeof checkpoint === "string" && !(isId("ckpt", checkpoint) && store.getCheckpoint(checkpoint))) {
    errors.push({ pointer: "#/config/checkpoint", detail: "there is no such checkpoint" });
  }
  let bankImages = Infinity;
  for (const [field, split] of [["bank_split", bank_split], ["query_split", query_split]]) {
    if (dataset?.status !== "ready" || typeof split !== "string" || split === "") continue;
    const summary = Object.hasOwn(dataset.splits, split) ? dataset.splits[split] : undefined;
    if (!summary) {
      const detail = `${dataset.id} has no such split, only ${Object.keys(dataset.splits).join(", ")}`;
      errors.push({ pointer: `#/config/${field}`, detail });
    } else if (Object.keys(summary.classes).length === 0) {
      errors.push({
        pointer: `#/config/${field}`,
        detail: `${split} has no labels, and k-NN accuracy needs them`,
      });
    } else if (field === "bank_split") bankImages = summary.images;
  }
  if (typeof k === "number" && k > bankImages) {
    errors.push({
      pointer: "#/config/k",
      detail: `must be at most the bank's ${bankImages} images, got ${k}`,
    });
  }
  return { value: data && { ...data, k: Math.min(data.k, bankImages) }, errors };
}
