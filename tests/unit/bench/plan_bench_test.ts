import { assert, assertEquals, assertRejects } from "@std/assert";
import { PipelineCache } from "../../../src/gpu/pipeline.ts";
import { sketchDevice } from "../../../src/gpu/sketch_device.ts";
import { largestWithin, plan, PLAN_OPTIONS } from "../../bench/plan_bench.ts";
import { UsageError } from "../../bench/options.ts";

const MIB = 2 ** 20;
const defaults = Object.fromEntries(
  Object.entries(PLAN_OPTIONS).map(([name, { default: value }]) => [name, value]),
);
const small = { ...defaults, arch: "cifar_resnet8", px: 64, hidden: 64, out: 16, side: 32 } as Parameters<
  typeof plan
>[0];
const within = (budget: number, binding = 128 * MIB, side = 32) => {
  const device = sketchDevice({ maxStorageBufferBindingSize: binding, maxBufferSize: binding });
  return largestWithin(new PipelineCache(device, { shaderF16: true }), { ...small, side }, budget);
};

Deno.test("the largest batch within a budget is told with what its bytes are for", async () => {
  const { batch, bound, bytes } = await within(256 * MIB);
  const { all, alive, ...parts } = bytes!;
  assertEquals(Object.values(parts).reduce((sum, bytes) => sum + bytes), all);
  assert(alive <= parts.activations && all <= 256 * MIB && bound === "memory", `${bound}, ${all}`);
  // One image more does not fit, and a byte less than it takes does not either.
  assert((await within(all)).batch === batch && (await within(all - 1)).batch! < batch!);
});

Deno.test("a binding bounds no batch by its activations, but by what lies in no parts", async () => {
  const whole = await within(256 * MIB, 256 * MIB), parts = await within(256 * MIB, 10 * MIB);
  assert(parts.batch! > 0.9 * whole.batch! && parts.bound === "memory", JSON.stringify(parts));
  const { batch, bound } = await within(256 * MIB, 10 * MIB, 512); // 786,432 bytes an image, as they are uploaded
  assertEquals(batch, 13);
  assert(bound.includes("batch.pixels of 11010048 bytes"), bound);
});

Deno.test("where nothing fits, that is told; what cannot be planned is a mistake of who asks", async () => {
  const { batch, bound, bytes } = await within(MIB / 8);
  assertEquals([batch, bound, bytes], [undefined, "memory", undefined]);
  await assertRejects(
    () => plan({ ...small, budget: "much" }),
    UsageError,
    "Cannot use --budget: must be bytes",
  );
  await assertRejects(() => plan({ ...small, arch: "vgg" }), UsageError, "Cannot build an encoder");
});
