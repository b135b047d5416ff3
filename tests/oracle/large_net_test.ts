import { assert, assertEquals } from "@std/assert";
import { ByolState } from "../../src/byol/state.ts";
import { ByolStep } from "../../src/byol/step.ts";
import type { FlatBuffer } from "../../src/gpu/parameters.ts";
import { readFloats } from "../../src/gpu/readback.ts";
import { elementCount } from "../../src/gpu/tensor.ts";
import { LossScale } from "../../src/optim/loss_scale.ts";
import type { OptimizerOptions } from "../../src/optim/optimizer.ts";
import { gpu, noise, pipelines, upload } from "./oracle.ts";

/** BYOL's own heads: with them the online network's parameters take 140 MB, and some bindings hold 134 MB. */
const CONFIG = { arch: "resnet50", projector: { hidden: 4096, out: 256 }, predictor: { hidden: 4096 } };
/** The last of the encoder's, and of each head's: wherever the cut comes, both sides of it are looked at. */
const LOOKED_AT = [
  "encoder.conv1.weight",
  "encoder.layer4.2.conv3.weight",
  "projector.0.weight",
  "projector.3.weight",
  "predictor.3.weight",
];

/** Values of the size that training begins with: drawing 35 million of a normal distribution would take minutes. */
function fill(values: FlatBuffer): void {
  let state = 1;
  for (const { name, kind, shape } of values.layout.slots) {
    const data = new Float32Array(elementCount(shape)), width = 2 * Math.sqrt(3 * shape[0] / data.length);
    if (kind === "norm") data.fill(name.endsWith(".weight") ? 1 : 0);
    else {
      for (let i = 0; i < data.length; i++) {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        data[i] = width * (state / 2 ** 32 - 0.5);
      }
    }
    values.write(name, data);
  }
}

Deno.test("a net whose parameters exceed a binding takes a step, is read and is loaded again", async () => {
  const { device } = gpu, lr = 0.25, tau = 0.9;
  const lars: OptimizerOptions = { name: "lars", weightDecay: 1e-6, momentum: 0.9, trustCoefficient: 1e-3 };
  const state = new ByolState(device, CONFIG, lars, LossScale.dynamic(device, { initial: 1 }));
  const { online, target, optimizer: { buffers: [[, momentum]] } } = state, { values } = online;
  for (const network of [online, target]) fill(network.values);
  // On a device of other limits the test is about nothing but a large net.
  const parts = Math.ceil(4 * values.layout.length / device.limits.maxStorageBufferBindingSize);
  assertEquals(values.parts.length, parts);
  const read = (flat: FlatBuffer) =>
    Promise.all(LOOKED_AT.map((name) => readFloats(device, flat.view(name))));

  const before = await read(values), views = upload(noise([2 * 2, 32, 32, 3], 1), "views");
  const step = await ByolStep.compile(pipelines, state, () => views);
  step.run(0, { lr, tau });
  const [{ loss }] = await step.metrics(0, 1);
  assert(loss > 0 && loss < 8, `the loss is ${loss}`);
  const after = await read(values), moved = await read(momentum);
  for (const [i, name] of LOOKED_AT.entries()) {
    assert(moved[i].some((m) => m !== 0), `${name} has no momentum`);
    const wrong = after[i].findIndex((w, j) =>
      Math.abs(w - (before[i][j] - lr * moved[i][j])) > 2 ** -22 * (Math.abs(w) + lr * Math.abs(moved[i][j]))
    );
    assertEquals(wrong, -1, `${name} has not taken the step`);
    if (name.startsWith("predictor.")) continue;
    // The target was filled as the online network was.
    const follows = await readFloats(device, target.value(name));
    const astray = follows.findIndex((t, j) =>
      Math.abs(t - (before[i][j] + (1 - tau) * (after[i][j] - before[i][j]))) >
        2 ** -22 * (Math.abs(before[i][j]) + Math.abs(after[i][j]))
    );
    assertEquals(astray, -1, `the target's ${name} has not followed`);
  }

  const { trainingState } = await state.read(1);
  for (const [i, name] of LOOKED_AT.entries()) {
    if (online.layout.parameters.slot(name).shape.length === 4) continue; // permuted there
    assertEquals(trainingState.get(`online.${name}`)!.data, after[i]);
    assertEquals(trainingState.get(`optimizer.momentum.${name}`)!.data, moved[i]);
  }
  assertEquals([...trainingState.get("loss_scale")!.data], [1, 1, 1, 1, 0, 0, 0, 0]);
  fill(values);
  state.load(trainingState);
  const loaded = await read(values);
  for (const [i, name] of LOOKED_AT.entries()) {
    assert(loaded[i].every((w, j) => w === after[i][j]), `${name} is not what was read`);
  }
  step.destroy();
  state.destroy();
});
