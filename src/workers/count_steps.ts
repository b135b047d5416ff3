import type { DatasetReader } from "../data/dataset_reader.ts";
import type { WorkPlan } from "../domain/planner.ts";
import type { Work } from "../domain/work.ts";
import { chooseLabels } from "../supervised/labels.ts";
import { finalItems, Sweep } from "../supervised/trials.ts";
import { labelledItems } from "./labelled_items.ts";
import { countProbe } from "./probe_data.ts";

/** How many steps a job will have, as its progress counts them, and how many images go through the networks. */
export function countSteps(
  work: Work,
  reader: DatasetReader,
): Pick<WorkPlan, "steps" | "steps_per_epoch" | "images"> {
  switch (work.kind) {
    case "pretrain": {
      const { total_steps: steps, steps_per_epoch, batch } = work.config;
      return { steps, steps_per_epoch, images: steps * batch };
    }
    case "finetune": {
      const { config } = work, labels = chooseLabels(reader, config);
      const steps = new Sweep(config, labels, []).totalAt(0);
      const steps_per_epoch = Math.floor(finalItems(config, labels).length / config.batch);
      return { steps, steps_per_epoch, images: steps * config.batch };
    }
    case "knn": {
      const { bank_split, query_split } = work.config;
      const [bank, queries] = [bank_split, query_split].map((split) => labelledItems(reader, split).length);
      return { steps: bank + 2 * queries, steps_per_epoch: null, images: bank + queries };
    }
    case "linear_probe":
      return { steps_per_epoch: null, ...countProbe(reader, work.config) };
    case "embed": {
      const images = reader.items(work.config.split ?? undefined).length;
      return { steps: images, steps_per_epoch: null, images };
    }
  }
}
