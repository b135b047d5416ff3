import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { DomainError } from "../../../src/domain/errors.ts";
import { FinetuneConfig } from "../../../src/domain/finetune.ts";
import { rateAt, Sweep, type TrialResult } from "../../../src/supervised/trials.ts";

const configOf = (more: object = {}): FinetuneConfig =>
  FinetuneConfig.parse({
    ...{
      init: null,
      arch: "cifar_resnet8",
      px: 8,
      label_fraction: 1,
      validation: 0.2,
      refit: true,
      batch: 32,
    },
    ...{ base_lr: [0.1, 0.8], epochs: [10, 30], ...more },
  });
const labels = {
  train: Uint32Array.from({ length: 100 }, (_, n) => n),
  validation: Uint32Array.of(200, 201),
};

Deno.test("a sweep is every rate with every length, then the best once more with validation's labels", () => {
  const results: TrialResult[] = [], sweep = new Sweep(configOf(), labels, results);
  assertEquals(sweep.trials.map(({ base_lr, epochs, steps }) => [base_lr, epochs, steps]), [
    ...[[0.1, 10, 30], [0.1, 30, 90], [0.8, 10, 30], [0.8, 30, 90]],
  ]);
  assertEquals([sweep.stepsBefore(2), sweep.totalAt(0)], [120, 240 + 90]);
  const tops = [0.5, 0.75, 0.75, null];
  for (const [i, { base_lr, steps }] of sweep.trials.entries()) {
    results.push({ base_lr, steps, validation_top1: tops[i] });
  }
  const final = sweep.at(4); // of equal ones the first
  assertEquals([final.base_lr, final.epochs, final.items.length], [0.1, 30, 102]);
  assertEquals(sweep.totalAt(4), 240 + final.steps);
});

Deno.test("without refit the final training is the best trial again", () => {
  const results: TrialResult[] = [{ base_lr: 0.1, steps: 5, validation_top1: 0 }];
  const sweep = new Sweep(
    configOf({ refit: false, base_lr: [0.1], epochs: undefined, steps: [5] }),
    labels,
    results,
  );
  assertEquals({ ...sweep.at(1), index: 0 }, sweep.trials[0]);
});

Deno.test("where every trial has diverged there is nothing to go on with", () => {
  const results = Array.from({ length: 4 }, () => ({ base_lr: 1, steps: 1, validation_top1: null }));
  const error = assertThrows(() => new Sweep(configOf(), labels, results).at(4), DomainError);
  assertEquals(error.options.type, "diverged");
});

Deno.test("with nothing to choose there is one training", () => {
  const config = configOf({ validation: null, refit: false, base_lr: [0.1], epochs: [2] });
  const sweep = new Sweep(config, { ...labels, validation: new Uint32Array() }, []);
  assertEquals([sweep.isFinal(0), sweep.at(0).steps, sweep.totalAt(0)], [true, 6, 6]);
});

Deno.test("rates are of a batch of 256, and fall along a cosine or by steps; statistics' decay is the paper's", () => {
  const config = configOf({ steps: undefined, epochs: [10] }), [trial] = new Sweep(config, labels, []).trials;
  assertEquals(trial.statDecay, 0.9);
  assertAlmostEquals(rateAt(config, trial, 0), 0.1 * 32 / 256);
  assertAlmostEquals(rateAt(config, trial, 15), 0.05 * 32 / 256);
  const stepped = configOf({ schedule: "step", epochs: [10] });
  assertEquals([0, 17, 18, 23, 24, 29].map((k) => +(rateAt(stepped, trial, k) * 80).toFixed(6)), [
    ...[1, 1, 0.1, 0.1, 0.01, 0.01],
  ]);
  const long = { ...labels, train: Uint32Array.from({ length: 32 * 400 }, (_, n) => n) };
  assertEquals(new Sweep(config, long, []).trials[0].statDecay, 1 - 10 / 400);
});
