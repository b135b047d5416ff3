import { assert, assertEquals, assertRejects } from "@std/assert";
import { train } from "../../src/byol/train.ts";
import type { TrainHooks } from "../../src/byol/training_loop.ts";
import type { DatasetReader } from "../../src/data/dataset_reader.ts";
import { DomainError } from "../../src/domain/errors.ts";
import { RandomStream } from "../../src/domain/philox.ts";
import { rankMe } from "../../src/evaluation/rankme.ts";
import { aPretrainConfig } from "../contract/pretrain_config.ts";
import { pipelines } from "../oracle/oracle.ts";

const IMAGES = 64, PX = 16;

/** Images that differ from each other: smooth blobs of colours of their own. */
function reader(): DatasetReader {
  const images = Array.from({ length: IMAGES }, (_, n) => {
    const random = new RandomStream(n, 95),
      waves = Array.from({ length: 3 }, () => ({
        ...{ x: random.uniform(-1, 1), y: random.uniform(-1, 1), phase: random.uniform(0, 6) },
        color: [0, 1, 2].map(() => random.uniform(0, 80)),
      }));
    return Uint8Array.from({ length: PX * PX * 3 }, (_, i) => {
      const c = i % 3, x = Math.floor(i / 3) % PX, y = Math.floor(i / 3 / PX);
      return waves.reduce((sum, w) => sum + w.color[c] * (1 + Math.sin(w.x * x + w.y * y + w.phase)) / 2, 0);
    });
  });
  return {
    splits: ["train"],
    classes: [],
    items: () => Uint32Array.from({ length: IMAGES }, (_, n) => n),
    size: () => ({ width: PX, height: PX }),
    bytesOf: () => PX * PX * 3,
    classOf: () => -1,
    readInto: (n: number, target: Uint8Array) => target.set(images[n]),
  } as unknown as DatasetReader;
}

/** Trains, and says what was told. */
function run(ablation: "no-predictor" | "frozen-target" | undefined, more: object = {}) {
  const config = aPretrainConfig({
    ...{ arch: "cifar_resnet8", px: PX, batch: 32, steps: 90, augmentation: "cifar", tau: 0.9 },
    ...{ projector: { hidden: 64, out: 32 }, predictor: { hidden: 64 } },
    optimizer: { name: "lars", base_lr: 8, warmup_epochs: 0 },
    checkpoint: { every_steps: 15 },
    ...more,
  }, IMAGES);
  const rows: Record<string, number>[] = [], errors: string[] = [], kept: number[] = [];
  const hooks: TrainHooks = {
    progress: ({ step }, metrics) => void rows.push({ step, ...metrics }),
    message: (level, text) => void (level === "error" && errors.push(text)),
    checkpoint: ({ step }) => {
      kept.push(step);
      return Promise.resolve(`ckpt_${step}`);
    },
    rankMe: (embeddings, dim) => Promise.resolve(rankMe(embeddings, dim)),
  };
  const ended = train(pipelines, config, reader(), hooks, new AbortController().signal, { ablation });
  return { ended, rows, errors, kept };
}

Deno.test("BYOL as it is does not collapse, and its figures are those of a run that is well", async () => {
  const { ended, rows, errors, kept } = run(undefined);
  await ended;
  assertEquals([errors, kept], [[], [0, 15, 30, 45, 60, 75, 90]]);
  const last = rows.at(-1)!;
  assert(last.projection_std * Math.sqrt(32) > 0.5 && last.target_cosine > 0.7, JSON.stringify(last));
  assert(last.rankme > 1 && last.rankme <= 64 && last.loss < rows[0].loss, JSON.stringify(last));
});

Deno.test("BYOL without its predictor is told from BYOL: the run fails, and names its last good checkpoint", async () => {
  const { ended, errors, kept } = run("no-predictor");
  const error = await assertRejects(() => ended, DomainError, "nearly one");
  assertEquals([error.options.type, errors.length], ["collapsed", 1]);
  const good = Number(/the last good checkpoint is ckpt_(\d+)$/.exec(error.message)?.[1]);
  assert(kept.includes(good) && good < kept.at(-1)!, error.message);
});

Deno.test("BYOL whose target stands still is told from BYOL", async () => {
  const { ended } = run("frozen-target");
  assertEquals((await assertRejects(() => ended, DomainError, "does not follow")).options.type, "collapsed");
});

Deno.test("a run that is only to warn goes on to its end, and does not succeed", async () => {
  const { ended, errors, rows } = run("no-predictor", { on_collapse: "warn" });
  assertEquals((await assertRejects(() => ended, DomainError)).options.type, "collapsed");
  assertEquals([errors.length, rows.at(-1)!.step], [1, 90]);
});

Deno.test("a loss that is not finite ends the run, with the last good checkpoint's name", async () => {
  const { ended, errors } = run(undefined, {
    optimizer: { name: "sgd", base_lr: 100, weight_decay: 1, warmup_epochs: 0 },
  });
  const error = await assertRejects(() => ended, DomainError, "the last good checkpoint is ckpt_");
  assertEquals([error.options.type, errors.length], ["diverged", 1]);
});
