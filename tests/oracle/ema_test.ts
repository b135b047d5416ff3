import { assertAlmostEquals, assertEquals } from "@std/assert";
import { recordEma, targetDecay } from "../../src/byol/ema.ts";
import { FlatBuffer, ParameterLayout } from "../../src/gpu/parameters.ts";
import { readFloats } from "../../src/gpu/readback.ts";
import { Recorder } from "../../src/gpu/recorder.ts";
import { StepParams } from "../../src/gpu/step_params.ts";
import { goldenCases } from "./golden.ts";
import { expectClose, noise, pipelines, UNIT_ROUNDOFF, type Values } from "./oracle.ts";
import { ema } from "./reference/ema.ts";

/** The target's layout is a prefix of the online network's. */
async function onGpu(online: Values, target: Values, tau: number): Promise<Float32Array> {
  const { device } = pipelines, layouts = [new ParameterLayout(), new ParameterLayout()];
  for (const layout of layouts) layout.add("shared", "weight", target.shape);
  layouts[0].add("predictor", "weight", [70]);
  const [from, to] = layouts.map((layout, i) => new FlatBuffer(device, layout, ["online", "target"][i]));
  from.write("shared", Float32Array.from(online.data));
  to.write("shared", Float32Array.from(target.data));
  const step = new StepParams(device), recorder = new Recorder();
  step.write({ lr: 0, slot: 0, tau });
  recordEma(recorder, from, to, step.tensor);
  (await recorder.compile(pipelines)).replay();
  return await readFloats(device, to.view("shared"));
}

for (const [length, tau] of [[1, 0.5], [129, 0.99], [1000, 0.9999], [64, 0], [65, 1]]) {
  Deno.test(`ema agrees with float64 at ${length} values, tau ${tau}`, async () => {
    const online = noise([length], 1), target = noise([length], 2);
    const scale = target.data.map((t, i) => Math.abs(t) + Math.abs(online.data[i]));
    const actual = await onGpu(online, target, tau);
    expectClose("target", actual, ema(target.data, online.data, tau), 4 * UNIT_ROUNDOFF, scale);
    if (tau === 1) assertEquals(actual, Float32Array.from(target.data));
  });
}
for (const { index, params: { tau }, tensors: { online, target, targetAfter } } of goldenCases("ema")) {
  Deno.test(`ema agrees with PyTorch, case ${index}`, async () => {
    const scale = target.data.map((t, i) => Math.abs(t) + Math.abs(online.data[i]));
    expectClose("target", await onGpu(online, target, tau), targetAfter.data, 5 * UNIT_ROUNDOFF, scale);
  });
}
Deno.test("targetDecay() follows the published cosine", () => {
  for (
    const [base, expected] of [[0.97, [0.97, 0.974393, 0.985, 0.995607, 1]], [0.996, [
      0.996,
      0.996586,
      0.998,
      0.999414,
      1,
    ]]] as const
  ) {
    for (const [quarter, tau] of expected.entries()) {
      assertAlmostEquals(targetDecay(quarter, 4, base), tau, 5e-7);
    }
  }
});
