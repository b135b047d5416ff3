import type { Dataset } from "../domain/dataset.ts";
import { EmbedConfig } from "../domain/embed.ts";
import { fieldErrors } from "../domain/field_errors.ts";
import { isId } from "../domain/ids.ts";
import type { Store } from "../domain/ports.ts";
import type { Checked, Kind } from "./kind.ts";

/** `embed`: a dataset's embeddings by a checkpoint, as files. */
export const embedKind: Kind = {
  check: checkEmbed,
  work: (config) => ({ kind: "embed", config: EmbedConfig.parse(config) }),
  uses: ({ checkpoint }) => checkpoint,
};

function checkEmbed(store: Store, config: object, dataset: Dataset | undefined): Checked<EmbedConfig> {
  const { data, error } = EmbedConfig.safeParse(config);
  const errors = error ? fieldErrors(error, ["config"]) : [];
  const { checkpoint, split } = config as Record<string, unknown>;
  if (typeof checkpoint === "string" && !(isId("ckpt", checkpoint) && store.getCheckpoint(checkpoint))) {
    errors.push({ pointer: "#/config/checkpoint", detail: "there is no such checkpoint" });
  }
  if (
    dataset?.status === "ready" && typeof split === "string" && split !== "" &&
    !Object.hasOwn(dataset.splits, split)
  ) {
    const detail = `${dataset.id} has no such split, only ${Object.keys(dataset.splits).join(", ")}`;
    errors.push({ pointer: "#/config/split", detail });
  }
  const images = split === undefined || split === null
    ? dataset?.counts.images
    : dataset?.splits[String(split)]?.images;
  if (data?.quality && dataset?.status === "ready" && images !== undefined && images < 2) {
    errors.push({ pointer: "#/config/quality", detail: `needs at least 2 images, got ${images}` });
  }
  return { value: data, errors };
}
