import { assertEquals, assertThrows } from "@std/assert";
import { FlatBuffer, ParameterLayout } from "../../src/gpu/parameters.ts";
import { readFloats } from "../../src/gpu/readback.ts";
import { Recorder } from "../../src/gpu/recorder.ts";
import { LossScale, type LossScaleOptions, recordLossScaleCheck } from "../../src/optim/loss_scale.ts";
import { pipelines } from "./oracle.ts";
import { type LossScaleState, lossScaleStep } from "./reference/loss_scale.ts";

const { device } = pipelines;
/** Chunks of several parameters, and parameters of several chunks. */
const LENGTHS = [5, 40_000, 129, 16_384, 20_000, 5001];

/** Gradients of 0.5 everywhere, in parts of at most so many bytes, and a compiled check of them. */
async function checker(options?: LossScaleOptions, maxBindingBytes?: number) {
  const layout = new ParameterLayout();
  for (const [i, length] of LENGTHS.entries()) layout.add(`p${i}`, "weight", [length]);
  const gradients = new FlatBuffer(device, layout, "gradients", maxBindingBytes);
  const lossScale = LossScale.dynamic(device, options), recorder = new Recorder();
  const write = (parameter: number, at: number, bits: number) => {
    const values = new Float32Array(LENGTHS[parameter]).fill(0.5);
    new Uint32Array(values.buffer)[at] = bits;
    gradients.write(`p${parameter}`, values);
  };
  for (const i of LENGTHS.keys()) write(i, 0, 0x3f000000);
  recordLossScaleCheck(recorder, lossScale, gradients);
  const plan = await recorder.compile(pipelines);
  return {
    plan,
    lossScale,
    write,
    async check(): Promise<LossScaleState> {
      plan.replay();
      const [scale, invScale, finite, goodSteps, skippedSteps, ...rest] = await readFloats(
        device,
        lossScale.state,
      );
      assertEquals(rest, [0, 0, 0]);
      return { scale, invScale, finite, goodSteps, skippedSteps };
    },
    destroy() {
      for (const owner of [plan, lossScale, gradients]) owner.destroy();
    },
  };
}

const NOT_FINITE = {
  "infinity": 0x7f800000,
  "negative infinity": 0xff800000,
  "a quiet NaN": 0x7fc00000,
  "a signalling NaN": 0x7f800001,
  "a NaN of all bits": 0xffffffff,
};
for (const maxBindingBytes of [undefined, 4 * 40_000 + 256]) {
  const parts = maxBindingBytes ? "several parts" : "one part";
  Deno.test(`the check finds one bad gradient wherever it stands, of ${parts}`, async () => {
    const { plan, lossScale, write, check, destroy } = await checker({}, maxBindingBytes);
    assertEquals(plan.dispatches.length, maxBindingBytes ? 3 + 1 : 1 + 1);
    for (const [parameter, length] of LENGTHS.entries()) {
      for (const at of new Set([0, length >> 1, length - 1])) {
        for (const [what, bits] of Object.entries(NOT_FINITE)) {
          lossScale.reset();
          write(parameter, at, bits);
          assertEquals((await check()).finite, 0, `${what} at ${at} of p${parameter}`);
        }
        write(parameter, at, 0x3f000000);
      }
    }
    lossScale.reset();
    assertEquals((await check()).finite, 1);
    destroy();
  });
}

Deno.test("the largest and the smallest numbers, of either sign, are finite", async () => {
  const { write, check, destroy } = await checker();
  for (const [i, bits] of [0x7f7fffff, 0xff7fffff, 0x00000001, 0x80000001, 0x80000000].entries()) {
    write(i, LENGTHS[i] - 1, bits);
  }
  assertEquals((await check()).finite, 1);
  destroy();
});

for (
  const [what, initial, growthInterval, steps] of [
    ["grows and falls back", 2 ** 16, 3, "111111101101110111011100"],
    ["never exceeds 2^24", 2 ** 23, 1, "11101111"],
    ["never falls below 1", 4, 2, "000010110011"],
    ["waits for 2,000 good steps", 2 ** 16, undefined, "11011111"],
  ] as const
) {
  Deno.test(`the scale ${what}, as torch's GradScaler would have it`, async () => {
    const { write, check, destroy } = await checker({ initial, growthInterval });
    let expected: LossScaleState = {
      ...{ scale: initial, invScale: 1 / initial, finite: 1 },
      ...{ goodSteps: 0, skippedSteps: 0 },
    };
    for (const [k, good] of [...steps].entries()) {
      write(1, 777, good === "1" ? 0 : 0x7f800000);
      expected = lossScaleStep(expected, good === "1", growthInterval ?? 2000);
      assertEquals(await check(), expected, `step ${k}`);
    }
    destroy();
  });
}

Deno.test("after 1,999 good steps the next one doubles the scale, and any bad one starts the count afresh", async () => {
  const { lossScale, check, destroy } = await checker();
  lossScale.write(Float32Array.of(2 ** 10, 1, 1, 1999, 7, 0, 0, 0));
  assertEquals(await check(), {
    scale: 2 ** 11,
    invScale: 2 ** -10,
    finite: 1,
    goodSteps: 0,
    skippedSteps: 7,
  });
  destroy();
});

Deno.test("a run in f32 has a scale of 1 and no check", async () => {
  const layout = new ParameterLayout(), none = LossScale.none(device), recorder = new Recorder();
  layout.add("p", "weight", [3]);
  const gradients = new FlatBuffer(device, layout, "gradients");
  recordLossScaleCheck(recorder, none, gradients);
  assertEquals((await recorder.compile(pipelines)).dispatches.length, 0);
  assertEquals([...await readFloats(device, none.state)], [1, 1, 1, 0, 0, 0, 0, 0]);
  assertEquals(none.isDynamic, false);
});

Deno.test("a scale is a power of two that f16's gradients can bear", () => {
  for (const initial of [0, 0.5, 3, 2 ** 25, NaN, Infinity]) {
    assertThrows(() => LossScale.dynamic(device, { initial }), RangeError, `got ${initial}`);
  }
});
