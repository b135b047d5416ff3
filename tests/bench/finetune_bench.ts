import { fromFileUrl } from "@std/path";
import { TestServer } from "../e2e/server.ts";
import { percent, printTable, sum } from "./figures.ts";
import { UsageError } from "./options.ts";

const shared = (path: string) => fromFileUrl(new URL(`../../../shared/${path}`, import.meta.url));
const results = (name: string) => fromFileUrl(new URL(`./results/${name}`, import.meta.url));

export const FINETUNE_OPTIONS = {
  data: { about: "a tar of train/CLASS and test/CLASS images", default: shared("data/cifar10-mini.tar") },
  arch: { about: "the encoder", default: "cifar_resnet8" },
  px: { about: "the images' width and height in pixels", default: 32 },
  epochs: { about: "how long BYOL trains, without labels", default: 40 },
  fractions: { about: "shares of the labels, with commas between", default: "0.01,0.1,1" },
  rates: { about: "the sweep's rates, of a batch of 256", default: "0.05,0.2,0.8" },
  steps: { about: "steps of each training with labels", default: 400 },
  seeds: { about: "choices of labels for each share", default: 3 },
  name: { about: "what the results are called", default: "finetune-cifar10-mini" },
};
type Values = { [K in keyof typeof FINETUNE_OPTIONS]: (typeof FINETUNE_OPTIONS)[K]["default"] };

interface Row {
  from: string;
  fraction: number;
  label_seed: number;
  labels: number;
  base_lr: number;
  top1: number;
  mean_per_class: number;
}

/**
 * What pretraining is good for: classifiers fine-tuned from BYOL's encoder and trained from scratch by the same labels,
 * steps and sweep, over HTTP. Writes every run as CSV.
 */
export async function finetune(values: Values): Promise<void> {
  const body = await Deno.readFile(values.data).catch(() => {
    throw new UsageError(`Cannot read --data: there is no file ${values.data}`);
  });
  const numbers = (name: "fractions" | "rates") => {
    const list = values[name].split(",").map(Number);
    if (list.every((value) => value > 0)) return list;
    throw new UsageError(`Cannot use --${name}: positive numbers with commas between, got ${values[name]}`);
  };
  const fractions = numbers("fractions"), base_lr = numbers("rates");
  const directory = await Deno.makeTempDir({ dir: results("."), prefix: "data-" });
  const server = await TestServer.start(directory), rows: Row[] = [];
  try {
    const headers = { "Content-Type": "application/x-tar" };
    const { id: dataset } =
      await (await server.fetch("/v1/datasets?name=bench", { method: "POST", headers, body })).json();
    await server.until(() => server.json(`/v1/datasets/${dataset}`), ({ status }) => status === "ready", 600);
    const { arch, px, epochs, steps } = values;
    const byol = await run(server, "pretrain", dataset, { arch, px, epochs, evaluate: null });
    for (const fraction of fractions) {
      for (let label_seed = 0; label_seed < values.seeds; label_seed++) {
        for (const [from, init] of [["BYOL", byol.checkpoint], ["scratch", null]] as const) {
          const { top1, mean_per_class, protocol } = await run(server, "finetune", dataset, {
            ...{ init, arch, px, label_fraction: fraction, label_seed, base_lr, steps: [steps] },
            checkpoint: { every_steps: null },
          }) as unknown as { top1: number; mean_per_class: number; protocol: Protocol };
          const { labels, chosen } = protocol;
          rows.push({ from, fraction, label_seed, labels, base_lr: chosen.base_lr, top1, mean_per_class });
          console.log(
            `${from}, ${labels} labels, seed ${label_seed}: ${percent(top1)}, rate ${chosen.base_lr}`,
          );
        }
      }
    }
  } finally {
    await server.stop();
    await Deno.remove(directory, { recursive: true });
  }
  const columns = Object.keys(rows[0]) as (keyof Row)[];
  const lines = [columns, ...rows.map((row) => columns.map((column) => row[column]))];
  await Deno.writeTextFile(
    results(`${values.name}.csv`),
    lines.map((line) => `${line.join(",")}\n`).join(""),
  );
  conclude(rows, fractions);
}

interface Protocol {
  labels: number;
  chosen: { base_lr: number };
}

/** A job, to its end. @returns Its result. */
async function run(
  server: TestServer,
  kind: string,
  dataset: string,
  config: object,
): Promise<Record<string, unknown>> {
  const response = await server.post("/v1/jobs", { kind, dataset, config });
  if (!response.ok) throw new UsageError(`Cannot ${kind}: ${await response.text()}`);
  const { id } = await response.json();
  const ended = await server.until(
    () => server.json(`/v1/jobs/${id}`),
    ({ status }) => ["succeeded", "failed", "cancelled"].includes(status),
    24 * 3600,
  );
  if (ended.status !== "succeeded") throw new Error(`the job has failed: ${JSON.stringify(ended.error)}`);
  return ended.result as Record<string, unknown>;
}

function conclude(rows: Row[], fractions: number[]): void {
  const of = (from: string, fraction: number) => {
    const tops = rows.filter((row) => row.from === from && row.fraction === fraction).map(({ top1 }) => top1);
    return { mean: sum(tops) / tops.length, least: Math.min(...tops), most: Math.max(...tops) };
  };
  const cell = ({ mean, least, most }: ReturnType<typeof of>) =>
    `${percent(mean)} (${percent(least)} … ${percent(most)})`;
  printTable(
    ["labels", "from BYOL>", "from scratch>", "points>"],
    fractions.map((fraction) => {
      const [byol, scratch] = [of("BYOL", fraction), of("scratch", fraction)];
      return [percent(fraction), cell(byol), cell(scratch), (100 * (byol.mean - scratch.mean)).toFixed(1)];
    }),
  );
  for (const fraction of fractions) {
    const [ours, peer] = [of("BYOL", fraction).mean, of("scratch", fraction).mean];
    const unit = "top-1", points = 100 * (ours - peer);
    console.log(
      JSON.stringify({ case: `finetune, ${fraction}`, ours, peer, peer_name: "scratch", unit, points }),
    );
  }
}
