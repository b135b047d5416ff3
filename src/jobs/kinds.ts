import type { JobKind } from "../domain/job.ts";
import { finetuneKind } from "./finetune_kind.ts";
import type { Kind } from "./kind.ts";
import { embedKind } from "./embed_kind.ts";
import { knnKind } from "./knn_kind.ts";
import { linearProbeKind } from "./linear_probe_kind.ts";
import { pretrainKind } from "./pretrain_kind.ts";

/** What jobs of each kind are, before they run; `workers/train_worker.ts` has what they then do. */
export const KINDS: Record<JobKind, Kind> = {
  pretrain: pretrainKind,
  knn: knnKind,
  linear_probe: linearProbeKind,
  finetune: finetuneKind,
  embed: embedKind,
};
