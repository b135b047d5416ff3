import { assertEquals } from "@std/assert";
import { evaluationsOf } from "../../../src/domain/evaluation.ts";
import { aCheckpoint, aJob } from "../../contract/store_contract.ts";

Deno.test("evaluationsOf() tells figures and protocol apart, a row for each k, and leaves out what judges nothing", () => {
  const maker = aJob({ config: { split: "train", evaluate: { split: "test" } } });
  const checkpoint = aCheckpoint(maker.id, {
    metrics: { loss: 1, knn_top1: 0.25, knn_k: 7, knn_temperature: 0.1 },
  });
  const finetune = aJob({
    kind: "finetune",
    config: { test_split: "test" },
    result: { top1: 0.5, loss: 1, protocol: { labels: 40, chosen: { base_lr: 0.1 } }, trials: [] },
  });
  const by_k = [{ k: 3, top1: 0.5 }, { k: 9, top1: 0.75 }];
  const knn = aJob({
    kind: "knn",
    config: { query_split: "val" },
    result: { top1: 0.5, by_k, temperature: 0.1, quality: { rankme: 4, protocol: {} }, files: [] },
  });
  const embed = aJob({ kind: "embed", config: { split: null }, result: { dim: 64 } });
  const rows = evaluationsOf(checkpoint, [finetune, knn, embed], maker);
  assertEquals(rows.map(({ kind, split, metrics, protocol }) => ({ kind, split, metrics, protocol })), [
    { kind: "finetune", split: "test", metrics: { top1: 0.5 }, protocol: { labels: 40, base_lr: 0.1 } },
    { kind: "knn", split: "val", metrics: { top1: 0.5, rankme: 4 }, protocol: { temperature: 0.1, k: 3 } },
    { kind: "knn", split: "val", metrics: { top1: 0.75 }, protocol: { temperature: 0.1, k: 9 } },
    {
      ...{ kind: "online_knn", split: "test", metrics: { top1: 0.25 } },
      protocol: {
        ...{ k: 7, temperature: 0.1, distance: "cosine", bank_split: "train" },
        made: "while it was trained, by the last evaluation up to its step",
      },
    },
  ]);
  assertEquals(evaluationsOf(aCheckpoint(maker.id), [], undefined), []);
});
