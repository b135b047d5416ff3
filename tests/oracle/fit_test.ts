import { assert, assertEquals, assertRejects } from "@std/assert";
import { expectFit, type Fit, refuse } from "../../src/training/fit.ts";
import { ByolState } from "../../src/byol/state.ts";
import { ByolStep, stepMemory } from "../../src/byol/step.ts";
import { DomainError } from "../../src/domain/errors.ts";
import { OutOfMemoryError } from "../../src/gpu/gpu_error.ts";
import type { Tensor } from "../../src/gpu/tensor.ts";
import { noise, pipelines, upload } from "./oracle.ts";

const { device } = pipelines;
const SGD = { name: "sgd", weightDecay: 0, momentum: 0.9, trustCoefficient: 1e-3 } as const;
const heads = { projector: { hidden: 16, out: 8 }, predictor: { hidden: 16 } };

Deno.test("a step's memory is known from its recording, to the byte", async () => {
  const config = { arch: "cifar_resnet8", ...heads }, shape = [8, 16, 16, 3], options = { microBatches: 2 };
  const state = new ByolState(device, config, SGD, undefined, { classes: 3 });
  const sketch: Tensor = { label: "views", shape, dtype: "f32" };
  const { bytes, peakBytes } = stepMemory(pipelines, state, () => sketch, options);
  const views = upload(noise(shape, 1), "views"),
    step = await ByolStep.compile(pipelines, state, () => views, options);
  const buffers = step.allPlans.flatMap((plan) => plan.buffers);
  assertEquals(buffers.reduce((sum, { size }) => sum + size, 0), bytes);
  assert(peakBytes <= bytes);
  step.destroy();
  state.destroy();
});

/** 1,000 bytes an image and 500 beside; no tensor larger than 400 images' is bound. */
const bytesAt = (batch: number): number => {
  if (batch > 400) {
    throw new OutOfMemoryError("conv1.y", 1000 * batch, "the device binds at most 400000 bytes");
  }
  return 1000 * batch + 500;
};
const rejection = async (fit: Fit): Promise<DomainError> =>
  await assertRejects(() => expectFit(device, fit), DomainError);

Deno.test("a batch that fits is let through", async () => {
  await expectFit(device, { batch: 100, bytesAt, budget: 100_500 });
  await expectFit(device, { batch: 400, bytesAt, budget: undefined });
});

Deno.test("a batch past the budget is refused with the largest that fits", async () => {
  const error = await rejection({ batch: 300, bytesAt, budget: 123_456 });
  assertEquals([error.code, error.options.type], ["invalid", "does_not_fit"]);
  assert(
    error.message.includes("Cannot train with batch 300: it takes 0.3 MiB of the GPU's memory"),
    error.message,
  );
  assert(error.message.endsWith("the largest batch that fits is 122"), error.message);
  assertEquals(error.options.errors?.[0].pointer, "#/config/batch");
});

Deno.test("a batch whose tensors no binding holds is refused by the tensor's name", async () => {
  const { message } = await rejection({ batch: 401, bytesAt, budget: undefined });
  assert(message.includes("conv1.y of 401000 bytes") && message.endsWith("fits is 400"), message);
});

Deno.test("where nothing fits, that is said", async () => {
  const { message } = await rejection({ batch: 64, bytesAt, budget: 1000 });
  assert(message.endsWith("no batch fits"), message);
});

Deno.test("without a budget the device is asked, and what it gave is given back", async () => {
  const limit = 3 * device.limits.maxBufferSize; // more than any machine that runs this lends at once
  const huge = (batch: number) => batch > 16 ? 1000 * limit : 1024 * batch;
  const error = await refuse(device, { batch: 64, bytesAt: huge, budget: undefined });
  assert(error.message.endsWith("the largest batch that fits is 16"), error.message);
});
