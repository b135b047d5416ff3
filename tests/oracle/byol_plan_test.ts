import { assert, assertEquals } from "@std/assert";
import { ByolState } from "../../src/byol/state.ts";
import { ByolStep } from "../../src/byol/step.ts";
import { PipelineCache } from "../../src/gpu/pipeline.ts";
import { readback } from "../../src/gpu/readback.ts";
import { gpu, noise, pipelines, upload } from "./oracle.ts";

const CONFIG = { arch: "cifar_resnet8", projector: { hidden: 5, out: 3 }, predictor: { hidden: 7 } };
const LARS = { name: "lars", weightDecay: 1e-3, momentum: 0.9, trustCoefficient: 1e-3 } as const;
const STEPS = 3;
/** Everything that a step may have: micro-batches, and a probe. */
const CLASSES = 3, OPTIONS = { microBatches: 2 };

/** All of the state's bits after a few steps from one seed, and the losses. */
async function trainABit(cache: PipelineCache): Promise<{ bits: Uint32Array; losses: number[] }> {
  const state = new ByolState(cache.device, CONFIG, LARS, undefined, { classes: CLASSES });
  state.initialize(11);
  const views = upload(noise([2 * 3, 9, 7, 3], 5), "views");
  const step = await ByolStep.compile(cache, state, () => views, OPTIONS);
  for (let k = 0; k < STEPS; k++) {
    step.run(k, { lr: 0.1, tau: 0.9, probeLr: 0.1 }, (m) => step.writeLabels(Uint32Array.of(m, 1, 2)));
  }
  const figures = await step.metrics(0, STEPS), losses = figures.map(({ loss }) => loss);
  const { online, target, optimizer, probe } = state, { values: embeddings } = await step.readEmbeddings();
  const all = [
    online.values,
    online.statistics,
    target.values,
    target.statistics,
    ...optimizer.buffers.map(([, b]) => b),
    ...probe!.buffers.map(([, b]) => b),
  ];
  const parts = await readback(cache.device, all.map((buffer) => buffer.all));
  parts.push(
    Float32Array.from(figures.flatMap((figure) => Object.values(figure))).buffer,
    embeddings.slice().buffer,
  );
  const bits = Uint32Array.from(parts.flatMap((part) => [...new Uint32Array(part)]));
  step.destroy();
  state.destroy();
  return { bits, losses };
}

Deno.test("two runs of a few BYOL steps on one device agree bit for bit, in all state and every figure", async () => {
  const first = await trainABit(pipelines), second = await trainABit(pipelines);
  assert(first.losses.every((loss) => Number.isFinite(loss) && loss > 0), `losses ${first.losses}`);
  assert(new Set(first.losses).size === STEPS, `the state does not move: losses ${first.losses}`);
  assert(first.bits.length > 100_000, `only ${first.bits.length} numbers were compared`);
  assertEquals(first.losses, second.losses);
  const differ = first.bits.findIndex((word, i) => word !== second.bits[i]);
  assertEquals(differ, -1, `word ${differ} differs`);
});

/** `target`, and what it makes, and what that makes, with every call that makes something noted. */
function watched<T extends object>(target: T, note: (call: string, label: unknown) => void): T {
  return new Proxy(target, {
    get(_, name) {
      const value = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      if (!/^(create|begin|finish)/.test(String(name))) return value.bind(target);
      return (descriptor?: { label?: string }) => {
        note(String(name), descriptor?.label);
        const made = value.call(target, descriptor);
        return name === "createCommandEncoder" ? watched(made, note) : made;
      };
    },
  });
}

Deno.test("everything that a BYOL step makes on the device has a label", async () => {
  const calls = new Map<string, number>(), nameless: string[] = [];
  const device = watched(gpu.device, (call, label) => {
    calls.set(call, (calls.get(call) ?? 0) + 1);
    if (typeof label !== "string" || label.trim() === "") nameless.push(call);
  });
  await trainABit(new PipelineCache(device, gpu.capabilities));
  for (
    const call of [
      ...["createBuffer", "createShaderModule", "createComputePipelineAsync", "createBindGroup"],
      ...["createCommandEncoder", "beginComputePass", "finish"],
    ]
  ) assert(calls.has(call), `${call} was never called: is this test looking at the device?`);
  assertEquals(nameless, []);
});
