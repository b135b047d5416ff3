import type { Schemas } from "../../../client/client.ts";

type Evaluation = Schemas["Evaluation"];

/** What two evaluations of a kind must share, beside dataset and split, for their figures to compare. */
const MUST_MATCH: Record<Evaluation["kind"], readonly string[]> = {
  knn: ["k", "temperature", "distance", "bank_split", "bank", "queries"],
  online_knn: ["k", "temperature", "distance", "bank_split"],
  linear_probe: [
    ...["protocol", "train_split", "train_images", "validation", "test_images", "classes", "epochs", "batch"],
  ],
  finetune: ["split", "labels", "label_seed", "classes", "freeze", "validation"],
  embed: [],
};
const SHORT: Record<string, string> = {
  ...{ temperature: "T", bank_split: "bank", train_split: "trained on", label_seed: "labels' seed" },
  ...{ protocol: "by", train_images: "images", test_images: "judged on" },
};
/** What follows from dataset and split, and says nothing more. */
const UNTOLD = ["bank", "queries", "classes"];
/** Figures of which the highest is the best; others, such as RankMe, say nothing of that by themselves. */
export const SHARES = ["top1", "top5", "mean_per_class", "probe_top1"] as const;
export const KIND_NAMES: Record<Evaluation["kind"], string> = {
  knn: "k-NN",
  online_knn: "Online k-NN",
  linear_probe: "Linear probe",
  finetune: "Fine-tuning",
  embed: "Label-free quality",
};

/** Evaluations that compare: of one protocol, the newest of each checkpoint. */
export interface ProtocolGroup {
  key: string;
  kind: Evaluation["kind"];
  dataset: string;
  split: string | null;
  /** Its settings in words: "k 200 · T 0.1". */
  settings: string;
  /** By checkpoint. */
  of: Map<string, Evaluation>;
  /** The figures that some have, in order. */
  metrics: string[];
}

/**
 * Sorts evaluations by what they compare with.
 *
 * @param evaluations The newest first, as the server lists each checkpoint's.
 * @returns Those that most checkpoints have first.
 */
export function byProtocol(evaluations: readonly Evaluation[]): ProtocolGroup[] {
  const groups = new Map<string, ProtocolGroup>();
  for (const evaluation of evaluations) {
    const { kind, dataset, split, protocol, checkpoint, metrics } = evaluation;
    const settings = MUST_MATCH[kind].filter((name) => protocol[name] != null);
    const told = settings.filter((name) => !UNTOLD.includes(name) && protocol[name] !== "cosine");
    const key = JSON.stringify([kind, dataset, split, ...settings.map((name) => [name, protocol[name]])]);
    const group = groups.get(key) ?? {
      ...{ key, kind, dataset, split, metrics: [], of: new Map() },
      settings: told.map((name) => `${SHORT[name] ?? name} ${protocol[name]}`).join(" · "),
    };
    groups.set(key, group);
    if (group.of.has(checkpoint)) continue; // an older one of the same
    group.of.set(checkpoint, evaluation);
    group.metrics = [...new Set([...group.metrics, ...Object.keys(metrics)])].sort(inOrder);
  }
  return [...groups.values()].sort((a, b) => b.of.size - a.of.size);
}

const inOrder = (a: string, b: string): number => placeOf(a) - placeOf(b) || a.localeCompare(b);
function placeOf(metric: string): number {
  const place = (SHARES as readonly string[]).indexOf(metric);
  return place < 0 ? SHARES.length : place;
}

/** The checkpoints that are best by a figure: several where they are equal, none where nothing is to be compared. */
export function bestOf({ of }: Pick<ProtocolGroup, "of">, metric: string): Set<string> {
  if (!(SHARES as readonly string[]).includes(metric)) return new Set();
  const values = [...of].flatMap(([checkpoint, { metrics }]) =>
    metrics[metric] === undefined ? [] : [{ checkpoint, value: metrics[metric] }]
  );
  if (values.length < 2) return new Set();
  const most = Math.max(...values.map(({ value }) => value));
  return new Set(values.filter(({ value }) => value === most).map(({ checkpoint }) => checkpoint));
}
