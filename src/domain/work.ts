import type { EmbedConfig } from "./embed.ts";
import type { FinetuneConfig } from "./finetune.ts";
import type { JobKind } from "./job.ts";
import type { KnnConfig } from "./knn.ts";
import type { LinearProbeConfig } from "./linear_probe.ts";
import type { ResolvedPretrainConfig } from "./pretrain.ts";

/** What a job of each kind is to do: its config, resolved against its dataset. */
export interface WorkConfigs {
  pretrain: ResolvedPretrainConfig;
  knn: KnnConfig;
  linear_probe: LinearProbeConfig;
  finetune: FinetuneConfig;
  embed: EmbedConfig;
}
export type Work = { [K in JobKind]: { kind: K; config: WorkConfigs[K] } }[JobKind];
