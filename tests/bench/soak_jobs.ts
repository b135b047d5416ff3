import { packTar } from "modern-tar";
import { encodePng } from "../../src/data/encode_png.ts";
import type { RandomStream } from "../../src/domain/philox.ts";
import { noise } from "../e2e/noise.ts";

/** A job that a client of the soak asks for. */
export interface SoakJob {
  kind: "pretrain" | "finetune" | "linear_probe" | "knn" | "embed";
  config: Record<string, unknown>;
}

const OF_A_MODEL = ["finetune", "linear_probe", "knn", "embed"] as const;
/** The fewest images of a class in a split, so that each kind of job has what it needs. */
const LABELS = 4;
/** Images of the smallest dataset: both classes in both splits. */
export const FEWEST_IMAGES = 4 * LABELS;

/** Any kind of job, half of them `pretrain`, which is the only one while there is no model. */
export function drawJob(random: RandomStream, model: string | undefined, px: number): SoakJob {
  const steps = 4 + random.below(16), checkpoint = { every_steps: 5 };
  const kind = model !== undefined && random.below(2) === 0 ? OF_A_MODEL[random.below(4)] : "pretrain";
  switch (kind) {
    case "pretrain":
      return { kind, config: { arch: "cifar_resnet8", px, batch: 8, steps, evaluate: null, checkpoint } };
    case "finetune": {
      const labels = { labels_per_class: LABELS, validation: null, batch: LABELS };
      return { kind, config: { init: model, ...labels, base_lr: [0.1], steps: [steps], checkpoint } };
    }
    case "linear_probe":
      return { kind, config: { checkpoint: model, lbfgs: { lambdas: [1] } } };
    case "knn":
      return { kind, config: { checkpoint: model, bank_split: "train", query_split: "test", k: 3 } };
    case "embed":
      return { kind, config: { checkpoint: model } };
  }
}

/** A tar of `count` images of noise: two classes, each in two splits. */
export async function soakTar(count: number, px: number): Promise<Uint8Array<ArrayBuffer>> {
  const images = await Promise.all(Array.from({ length: count }, (_, n) => encodePng(noise(px, n))));
  return await packTar(images.map((body, n) => {
    const split = n & 2 ? "test" : "train";
    return { header: { name: `${split}/${n & 1}/${n}.png`, size: body.length }, body };
  }));
}
