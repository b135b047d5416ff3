import { assert, assertEquals } from "@std/assert";
import { PipelineCache } from "../../src/gpu/pipeline.ts";
import type { Plan } from "../../src/gpu/plan.ts";
import { readFloats } from "../../src/gpu/readback.ts";
import { Recorder } from "../../src/gpu/recorder.ts";
import { Tuner } from "../../src/gpu/tuner.ts";
import { memoryTuningCache } from "../../src/gpu/tuning_file.ts";
import { recordConv2d } from "../../src/nn/conv2d.ts";
import { noise, pipelines, pipelinesWith, upload } from "./oracle.ts";

const { device, capabilities } = pipelines;
const x = upload(noise([2, 9, 9, 32], 1), "x"), weight = upload(noise([48, 3, 3, 32], 2), "weight");

/** Two convolutions of one shape class and one of another. */
async function compile(on: PipelineCache): Promise<{ plan: Plan; y: () => Promise<Float32Array> }> {
  const recorder = new Recorder(on.capabilities), same = { stride: 1, padding: 1 };
  recordConv2d(recorder, "first", x, weight, same);
  const { y } = recordConv2d(recorder, "second", x, weight, same);
  recorder.keep(y);
  recordConv2d(recorder, "third", x, weight, { stride: 2, padding: 1 });
  const plan = await recorder.compile(on);
  return { plan, y: () => readFloats(device, y) };
}
/** It has F of a fragment. */
const TOY = `@group(0) @binding(0) var<storage, read_write> y: array<u32>;
override SIZE: u32;
@compute @workgroup_size(SIZE) fn main() { y[0] = F; }`;
const tuned = (cache = memoryTuningCache(), measure = true) =>
  new Tuner("an adapter", cache, { measure, software: true });

Deno.test({
  name: "each shape class is timed once, its choice is kept, and the results stay the same bits",
  ignore: !capabilities.timestamps,
  fn: async () => {
    const untuned = await compile(pipelinesWith(capabilities)), cache = memoryTuningCache();
    untuned.plan.replay();
    let timed = 0;
    const tuner = new class extends Tuner {
      override tune(...args: Parameters<Tuner["tune"]>): Promise<void> {
        timed += args[1].length;
        return super.tune(...args);
      }
    }("an adapter", cache, { measure: true, software: true });
    const { plan, y } = await compile(pipelinesWith(capabilities, tuner));
    plan.replay();
    assertEquals(await y(), await untuned.y());
    assertEquals([timed, cache.read().size], [3, 2]);
    for (const [key, name] of cache.read()) {
      assert(key.startsWith("an adapter | ") && name.startsWith("conv2d_"), `${key}: ${name}`);
    }
  },
});

Deno.test({
  name: "a choice that is kept is taken, by a tuner that measures nothing too",
  ignore: !capabilities.timestamps,
  fn: async () => {
    const kept = memoryTuningCache(), plain = { ...capabilities, subgroupSize: undefined };
    await compile(pipelinesWith(plain, tuned(kept)));
    const smallest = 'conv2d_tiled {"WG_M":8,"WG_N":8,"Elem":"f32"}';
    const other = new Map([...kept.read()].map(([key]) => [key, smallest]));
    const { plan } = await compile(pipelinesWith(plain, tuned(memoryTuningCache(other), false)));
    const convolutions = plan.dispatches.filter(({ kernel }) => kernel === "conv2d_tiled");
    assertEquals(convolutions.map(({ workgroups }) => workgroups), [[3, 1, 1], [3, 1, 1], [1, 1, 1]]);
  },
});

Deno.test({
  name: "a choice holds for the text of fragments too",
  ignore: !capabilities.timestamps,
  fn: async () => {
    const cache = memoryTuningCache(), on = pipelinesWith(capabilities, tuned(cache)), sizes: number[] = [];
    for (const value of ["1", "2", "1"]) {
      const recorder = new Recorder(on.capabilities), lib = [{ name: "f", source: `const F = ${value}u;` }];
      const candidates = [1, 2].map((SIZE) => ({
        kernel: { name: "toy", source: TOY, lib, overrides: { SIZE } },
        workgroups: [1],
      }));
      recorder.dispatchTuned("toy", candidates, [recorder.alloc("y", [1])]);
      (await recorder.compile(on)).destroy();
      sizes.push(cache.read().size);
    }
    assertEquals(sizes, [1, 2, 2]);
  },
});

Deno.test("a name that no candidate has, and another adapter's choice, count for nothing", async () => {
  const unknown = memoryTuningCache(new Map([["another adapter | 2^8 pixels", "conv2d_tiled {}"]]));
  const { plan } = await compile(pipelinesWith(capabilities, tuned(unknown, false)));
  const untuned = await compile(pipelinesWith(capabilities));
  assertEquals(
    plan.dispatches.map(({ kernel, workgroups }) => [kernel, workgroups]),
    untuned.plan.dispatches.map(({ kernel, workgroups }) => [kernel, workgroups]),
  );
});
