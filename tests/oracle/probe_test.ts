import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { allocMetricRing, readStepMetrics } from "../../src/byol/metrics.ts";
import { Probe, recordProbe, recordProbeUpdate } from "../../src/byol/probe.ts";
import { NO_CLASS } from "../../src/training/label_figures.ts";
import { ByolState } from "../../src/byol/state.ts";
import { ByolStep } from "../../src/byol/step.ts";
import { readFloats } from "../../src/gpu/readback.ts";
import { Recorder } from "../../src/gpu/recorder.ts";
import { StepParams } from "../../src/gpu/step_params.ts";
import { uploadTensor } from "../../src/gpu/upload.ts";
import { LossScale } from "../../src/optim/loss_scale.ts";
import type { NamedTensors } from "../../src/domain/tensor_data.ts";
import { gpu, noise, pipelines, stored, testInEachType, upload } from "./oracle.ts";
import { apart, probeStep, zeroProbe } from "./reference/probe.ts";

const { device } = gpu;
/** f32 against float64 over three steps, of each tensor's norm. */
const TOLERANCE = 1e-5;

for (const [N, dim, classes] of [[1, 1, 1], [3, 5, 2], [4, 64, 10], [33, 17, 101], [130, 12, 3]]) {
  testInEachType(
    `three steps of a probe agree with float64, ${N}x${dim}, ${classes} classes`,
    async (elem) => {
      const x = stored(noise([2 * N, dim], 1), elem), probe = new Probe(device, dim, classes), rate = 0.7;
      // Every fourth image has no class; so has the second, whose label is merely too large.
      const labels = Uint32Array.from(
        { length: N },
        (_, n) => n % 4 === 3 ? NO_CLASS : n === 1 ? classes : n * 7 % classes,
      );
      const step = new StepParams(device),
        rates = new StepParams(device),
        recorder = new Recorder(gpu.capabilities);
      // Of a loss scale the probe takes whether the step is applied, and nothing else.
      const lossScale = LossScale.dynamic(device), ring = allocMetricRing(recorder);
      const embedding = upload(x, "embedding", elem),
        tensor = uploadTensor(device, "labels", [N], "u32", labels);
      recordProbe(recorder, probe, { embedding, labels: tensor, step: step.tensor, ring });
      recordProbeUpdate(recorder, probe, rates.tensor, lossScale.state);
      const plan = await recorder.compile(pipelines), truth = zeroProbe(classes, dim), expected = [];
      rates.write({ lr: rate, slot: 0, tau: 1 });
      for (const [k, finite] of [1, 1, 0, 1].entries()) {
        lossScale.write(Float32Array.of(512, 1 / 256, finite, 0, 0, 0, 0, 0));
        step.write({ lr: 1e9, slot: k, tau: 1 });
        const encoder = device.createCommandEncoder({ label: "step" });
        encoder.clearBuffer(probe.gradients.all.storage!.buffer);
        plan.encode(encoder);
        device.queue.submit([encoder.finish()]);
        expected.push(probeStep(truth, x.data.subarray(0, N * dim), labels, finite ? rate : undefined));
      }
      const actual = await readStepMetrics(device, ring, 0, expected.length, { probe: true });
      for (const [k, { loss, top1 }] of expected.entries()) {
        assertAlmostEquals(actual[k].probeLoss!, loss, TOLERANCE * Math.max(1, loss), `loss of step ${k}`);
        assertAlmostEquals(actual[k].probeTop1!, top1, 1e-6, `accuracy of step ${k}`);
      }
      const { values, optimizer: { momentum } } = probe;
      for (
        const [flat, name, reference] of [
          [values, "weight", truth.weight],
          [values, "bias", truth.bias],
          [momentum, "weight", truth.weightMomentum],
          [momentum, "bias", truth.biasMomentum],
        ] as const
      ) {
        const error = apart(await readFloats(device, flat.view(name)), reference);
        assert(classes === 1 || error <= TOLERANCE, `${flat.label}.${name} differs by ${error} of its norm`);
      }
      for (const part of [plan, probe, step, rates, lossScale]) {
        part.destroy();
      }
    },
  );
}

const CONFIG = { arch: "cifar_resnet8", projector: { hidden: 5, out: 3 }, predictor: { hidden: 7 } };
const LARS = { name: "lars", weightDecay: 1e-3, momentum: 0.9, trustCoefficient: 1e-3 } as const;
const N = 4, CLASSES = 3, LABELS = Uint32Array.of(0, 2, 2, NO_CLASS);

/** Steps `from` … `to − 1` of one run, with a probe or without. */
async function trained(classes: number | undefined, from: number, to: number, start?: NamedTensors) {
  const state = new ByolState(device, CONFIG, LARS, undefined, { classes });
  if (start) state.load(start);
  else state.initialize(11);
  const views = upload(noise([2 * N, 9, 7, 3], 5), "views");
  const step = await ByolStep.compile(pipelines, state, () => views);
  const write = () => classes && step.writeLabels(LABELS);
  for (let k = from; k < to; k++) step.run(k, { lr: 0.1, tau: 0.9, probeLr: 0.3 }, write);
  const figures = await step.metrics(from, to), embeddings = await step.readEmbeddings();
  const { trainingState } = await state.read(to);
  step.destroy();
  state.destroy();
  return { figures, embeddings, trainingState };
}

Deno.test("a probe changes no bit of what it watches, and learns", async () => {
  const without = await trained(undefined, 0, 12), probed = await trained(CLASSES, 0, 12);
  for (const [name, { data }] of without.trainingState) {
    assert(data.every((v, i) => v === probed.trainingState.get(name)!.data[i]), name);
  }
  const names = ["probe.weight", "probe.bias"];
  assertEquals([...probed.trainingState.keys()].filter((name) => !without.trainingState.has(name)), [
    ...names,
    ...["weight", "bias"].map((name) => `optimizer.probe.momentum.${name}`),
  ]);
  const [first, last] = [probed.figures[0], probed.figures.at(-1)!];
  assertAlmostEquals(first.probeLoss!, Math.log(CLASSES), 1e-6);
  assertAlmostEquals(first.probeTop1!, 1 / 3, 1e-6); // all logits are equal, and the first class the guess
  assert(last.probeLoss! < first.probeLoss!, `${first.probeLoss} → ${last.probeLoss}`);
  assertEquals(without.figures[0].probeLoss, undefined);
});

Deno.test("a probe's first step is float64's, of the embeddings that the queue holds", async () => {
  const { embeddings: { values, rows, dim }, trainingState } = await trained(CLASSES, 0, 1);
  assertEquals([rows, dim, values.length], [N, 64, N * 64]);
  const truth = zeroProbe(CLASSES, dim);
  probeStep(truth, Float64Array.from(values), LABELS, 0.3);
  for (const name of ["weight", "bias"] as const) {
    const error = apart(trainingState.get(`probe.${name}`)!.data as Float32Array, truth[name]);
    assert(error <= TOLERANCE, `${name} differs by ${error} of its norm`);
  }
});

Deno.test("a probe goes on bit for bit from a checkpoint, and starts at zero from one without", async () => {
  const half = await trained(CLASSES, 0, 2), whole = await trained(CLASSES, 0, 4);
  const resumed = await trained(CLASSES, 2, 4, half.trainingState);
  assertEquals([...resumed.trainingState.keys()], [...whole.trainingState.keys()]);
  for (const [name, { data }] of resumed.trainingState) {
    assert(data.every((v, i) => v === whole.trainingState.get(name)!.data[i]), name);
  }
  const bare = await trained(undefined, 0, 2), fresh = await trained(CLASSES, 2, 3, bare.trainingState);
  assertAlmostEquals(fresh.figures[0].probeLoss!, Math.log(CLASSES), 1e-6);
});

Deno.test("labels are refused where there is no probe, and where their number is wrong", async () => {
  const views = upload(noise([2 * N, 8, 8, 3], 5), "views");
  for (const [classes, error] of [[undefined, TypeError], [CLASSES, RangeError]] as const) {
    const state = new ByolState(device, CONFIG, LARS, undefined, { classes });
    const step = await ByolStep.compile(pipelines, state, () => views);
    assertThrows(() => step.writeLabels(new Uint32Array(N + 1)), error);
    step.destroy();
    state.destroy();
  }
  assertThrows(() => new Probe(device, 4, 0), RangeError);
});
