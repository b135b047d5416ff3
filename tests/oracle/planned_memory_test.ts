// What is planned on a device that is only sizes, against what the same jobs then take of a real one.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { ShardWriter } from "../../src/data/shard.ts";
import { writeCheckpoint } from "../../src/checkpoint/checkpoint_writer.ts";
import { modelConfig } from "../../src/checkpoint/model_config.ts";
import type { Dataset } from "../../src/domain/dataset.ts";
import { EmbedConfig } from "../../src/domain/embed.ts";
import { DomainError } from "../../src/domain/errors.ts";
import { newId } from "../../src/domain/ids.ts";
import { KnnConfig } from "../../src/domain/knn.ts";
import { LinearProbeRequest, resolveLinearProbe } from "../../src/domain/linear_probe.ts";
import type { PlanningTarget } from "../../src/domain/planner.ts";
import { FinetuneConfig, FinetuneRequest } from "../../src/domain/finetune.ts";
import type { Work } from "../../src/domain/work.ts";
import { PretrainRequest } from "../../src/domain/pretrain.ts";
import { applyFinetuneRecipe } from "../../src/jobs/finetune_recipe.ts";
import { applyRecipe } from "../../src/jobs/recipe.ts";
import { resolvePretrainConfig } from "../../src/jobs/resolve_config.ts";
import { Network, NetworkLayout } from "../../src/nn/network.ts";
import { initNetwork } from "../../src/nn/init.ts";
import { readBuffers } from "../../src/nn/network.ts";
import { addResNet } from "../../src/nn/resnet.ts";
import { resnetSpec } from "../../src/nn/resnet_architecture.ts";
import { runEmbed } from "../../src/workers/embed_task.ts";
import { runFinetune } from "../../src/workers/finetune_task.ts";
import { runKnn } from "../../src/workers/knn_task.ts";
import { runLinearProbe } from "../../src/workers/linear_probe_task.ts";
import { planWork } from "../../src/workers/plan_work.ts";
import { runPretrain } from "../../src/workers/pretrain_task.ts";
import type { Run } from "../../src/workers/run.ts";
import { pipelines } from "./oracle.ts";

const { device, capabilities } = pipelines, { limits } = device;
const dataDir = Deno.makeTempDirSync({ prefix: "planned-memory-" }), dataset = newId("ds");
globalThis.addEventListener("unload", () => Deno.removeSync(dataDir, { recursive: true }));

/** 24 images of each of two classes to train on, 8 to test by; of two sizes. */
function writeImages(): void {
  const writer = new ShardWriter(`${dataDir}/datasets/${dataset}`);
  for (const [split, count] of [48, 16].entries()) {
    for (let n = 0; n < count; n++) {
      const [width, height] = n % 3 === 0 ? [40, 28] : [16, 16];
      const pixels = new Uint8Array(width * height * 3).map((_, i) => (i * 31 + n * 97) % 256);
      writer.add(`${split}/${n}.png`, { width, height, pixels }, split, n % 2);
    }
  }
  writer.finish({ splits: ["train", "test"], classes: ["a", "b"], summary: {} as never }, [0, 1], []);
}
Deno.mkdirSync(`${dataDir}/datasets/${dataset}`, { recursive: true });
writeImages();
const described = {
  ...{ id: dataset, status: "ready", channel_mean: [0.5, 0.5, 0.5], channel_std: [0.2, 0.2, 0.2] },
  splits: { train: { images: 48, classes: { a: 24, b: 24 } }, test: { images: 16, classes: { a: 8, b: 8 } } },
} as unknown as Dataset;

async function writeModel(arch: string, px: number): Promise<string> {
  const layout = new NetworkLayout(), spec = resnetSpec(arch), id = newId("ckpt");
  addResNet(layout, "m", spec);
  const network = new Network(device, layout, "m", false);
  initNetwork(network, 1);
  const { tensors } = await readBuffers(device, [["", network.values], ["", network.statistics]]);
  network.destroy();
  const preprocessing = { px, channel_mean: [0.5, 0.5, 0.5], channel_std: [0.2, 0.2, 0.2] } as const;
  await writeCheckpoint(`${dataDir}/checkpoints`, id, {
    model: new Map([...tensors].map(([name, tensor]) => [name.slice(2), tensor])),
    config: modelConfig({
      arch,
      dim: spec.dim,
      classes: 0,
      preprocessing: structuredClone(preprocessing) as never,
    }),
  });
  return id;
}

/** What kernels bind, and no staging buffer, through which checkpoints are read. */
let held = 0, peak = 0;
const create = device.createBuffer.bind(device);
device.createBuffer = (descriptor) => {
  const buffer = create(descriptor), destroy = buffer.destroy.bind(buffer);
  let bytes = descriptor.usage & GPUBufferUsage.MAP_READ ? 0 : descriptor.size;
  peak = Math.max(peak, held += bytes);
  buffer.destroy = () => {
    held -= bytes;
    bytes = 0;
    return destroy();
  };
  return buffer;
};

/** Uniforms, of which each plan has some words. */
const UNCOUNTED = 16 * 1024;

const targetOf = (budget: number | null): PlanningTarget => ({
  ...{ adapter: "a test", limits, capabilities: { ...capabilities }, budget },
});
const runs = {
  ...{
    pretrain: runPretrain,
    finetune: runFinetune,
    knn: runKnn,
    linear_probe: runLinearProbe,
    embed: runEmbed,
  },
} as unknown as Record<Work["kind"], (config: unknown, run: Run) => Promise<unknown>>;

/** Runs a job within a budget. @returns What it said that it would take, and the most that it held. */
async function runWithin(work: Work, memoryBudget: number | undefined) {
  let planned = 0;
  const before = held, task = { job: newId("job"), dataset, fingerprint: "", resume: [], work };
  const { signal } = new AbortController();
  peak = before;
  await runs[work.kind](work.config, {
    ...{ pipelines, dataDir, task, signal, memoryBudget, say: () => Promise.resolve() },
    planned: (bytes) => planned = Math.max(planned, bytes),
  });
  return { planned, held: peak - before };
}

const pretrain = (more: object): Work => {
  const request = PretrainRequest.parse({ steps: 1, batch: 8, px: 16, checkpoint: {}, ...more });
  return { kind: "pretrain", config: resolvePretrainConfig(applyRecipe(request, described), described) };
};
const small = { projector: { hidden: 64, out: 16 }, predictor: { hidden: 64 } };
const finetune = (more: object): Work => {
  const request = FinetuneRequest.parse({
    init: null,
    label_fraction: 1,
    steps: [1],
    base_lr: [0.1],
    batch: 8,
    ...more,
  });
  return {
    kind: "finetune",
    config: FinetuneConfig.parse(applyFinetuneRecipe(request, described, undefined)),
  };
};

for (
  const [name, work] of [
    ["cifar_resnet8, LARS, evaluated", pretrain({ arch: "cifar_resnet8", ...small })],
    [
      "cifar_resnet20, AdamW, micro-batches",
      pretrain({
        ...{
          arch: "cifar_resnet20",
          micro_batch: 4,
          optimizer: { name: "adamw", base_lr: 1e-3 },
          evaluate: null,
        },
        ...small,
      }),
    ],
    [
      "resnet18, SGD",
      pretrain({ arch: "resnet18-cifar", optimizer: { name: "sgd" }, evaluate: null, ...small }),
    ],
    ["finetune of a cifar_resnet8", finetune({ arch: "cifar_resnet8", px: 16 })],
    ["finetune of a resnet18 whose stem is frozen", finetune({ arch: "resnet18", px: 32, freeze: "stem" })],
  ] as const
) {
  Deno.test(`what a job that trains takes is planned without a GPU, as the run plans it: ${name}`, async () => {
    const { memory } = await planWork({ dataDir, dataset, work, target: targetOf(null) });
    const ran = await runWithin(work, undefined);
    assertEquals(memory?.bytes, ran.planned);
    // Tables of optimisers and norms, a few words for 256 elements, are counted by nobody; what is judged by is, at its most.
    assert(ran.held >= 0.95 * ran.planned && ran.held <= 1.05 * ran.planned, JSON.stringify(ran));
  });
}

for (const [arch, px] of [["cifar_resnet8", 16], ["resnet18", 32]] as const) {
  Deno.test(`what a job with a frozen encoder takes is planned without a GPU, at the most: ${arch}`, async () => {
    const checkpoint = await writeModel(arch, px), validation = 0.25;
    const probe = (more: object) =>
      resolveLinearProbe(LinearProbeRequest.parse({ checkpoint, validation, ...more }), 36);
    const works: Work[] = [
      { kind: "knn", config: KnnConfig.parse({ checkpoint, k: 5 }) },
      { kind: "knn", config: KnnConfig.parse({ checkpoint, k: 5, quality: true }) },
      { kind: "linear_probe", config: probe({ protocol: "lbfgs" }) },
      { kind: "linear_probe", config: probe({ protocol: "sgd", sgd: { epochs: 1, rates: [0.1] } }) },
      { kind: "embed", config: EmbedConfig.parse({ checkpoint }) },
    ];
    // Each plan's kernels are compiled, which is long for the larger net: two kinds will do.
    for (const work of arch === "resnet18" ? [works[0], works[4]] : works) {
      const { memory } = await planWork({ dataDir, dataset, work, target: targetOf(null) });
      const free = await runWithin(work, undefined);
      assertEquals(memory?.bytes, free.planned);
      assert(free.held <= free.planned + UNCOUNTED, `${work.kind}: ${JSON.stringify(free)}`);
      // With less it takes smaller batches; with too little it is refused beforehand, and takes nothing.
      const least = (await planWork({ dataDir, dataset, work, target: targetOf(1) })).memory!;
      assertEquals([least.fits, least.refusal?.type], [false, "does_not_fit"]);
      const tight = await runWithin(work, least.bytes!);
      assert(
        tight.planned <= least.bytes! && tight.held <= tight.planned + UNCOUNTED,
        `${work.kind}: ${JSON.stringify(tight)}`,
      );
      assert(tight.planned < free.planned);
      const error = await assertRejects(() => runWithin(work, least.bytes! - 1), DomainError);
      assertEquals(error.options.errors?.[0].pointer, "#/config/checkpoint");
    }
  });
}
