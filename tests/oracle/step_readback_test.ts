import { assert, assertEquals } from "@std/assert";
import { ByolState } from "../../src/byol/state.ts";
import { ByolStep } from "../../src/byol/step.ts";
import { noise, pipelines, upload } from "./oracle.ts";

const { device } = pipelines;

/** Everything that waits for the GPU, or makes what could be waited for. Counts calls while `during` runs. */
async function callsDuring(buffer: GPUBuffer, during: () => unknown): Promise<Record<string, number>> {
  const calls: Record<string, number> = {}, undo: (() => void)[] = [];
  const spy = (owner: object, method: string) => {
    const original = Reflect.get(owner, method), own = Object.getOwnPropertyDescriptor(owner, method);
    Object.defineProperty(owner, method, {
      configurable: true,
      writable: true,
      value(this: unknown, ...args: unknown[]) {
        calls[method] = (calls[method] ?? 0) + 1;
        return original.apply(this, args);
      },
    });
    undo.push(() => own ? Object.defineProperty(owner, method, own) : Reflect.deleteProperty(owner, method));
  };
  spy(Object.getPrototypeOf(buffer), "mapAsync"); // each provider has a class of its own
  spy(device.queue, "onSubmittedWorkDone");
  for (
    const make of ["createBuffer", "createBindGroup", "createComputePipelineAsync", "createShaderModule"]
  ) {
    spy(device, make);
  }
  try {
    await during();
  } finally {
    for (const restore of undo) restore();
  }
  return calls;
}

Deno.test("steps read nothing back and make no buffer, bind group or pipeline", async () => {
  const N = 4, px = 8;
  const optimizer = { name: "lars", weightDecay: 1e-6, momentum: 0.9, trustCoefficient: 1e-3 } as const;
  const heads = { projector: { hidden: 16, out: 8 }, predictor: { hidden: 16 } };
  const state = new ByolState(device, { arch: "cifar_resnet8", ...heads }, optimizer, undefined, {
    classes: 3,
  });
  state.initialize(1);
  const views = upload(noise([2 * N, px, px, 3], 1), "views"), { buffer } = views.storage!;
  const step = await ByolStep.compile(pipelines, state, () => views, { microBatches: 2 });
  const labels = new Uint32Array(N);

  const calls = await callsDuring(buffer, () => {
    for (let k = 0; k < 20; k++) {
      step.run(k, { lr: 0.1, tau: 0.99, probeLr: 0.1 }, () => step.writeLabels(labels));
    }
  });
  assertEquals(calls, {});

  // The same spies see a readback where there is one, and the steps did run.
  const seen = await callsDuring(buffer, async () => {
    const figures = await step.metrics(0, 20);
    assert(figures.every(({ loss }) => loss > 0 && loss < 8));
    await device.queue.onSubmittedWorkDone();
  });
  assertEquals(seen, { createBuffer: 1, mapAsync: 1, onSubmittedWorkDone: 1 });
  step.destroy();
  state.destroy();
});
