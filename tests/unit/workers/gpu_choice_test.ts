import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { GpuChoice } from "../../../src/workers/gpu_choice.ts";
import type { GpuSession, WorkerOptions } from "../../../src/workers/gpu_session.ts";

const OPTIONS: WorkerOptions = {
  ...{ dataDir: "", allowSoftwareGpu: true, gpuProvider: "auto", gpuTune: true, gpuMemoryBytes: 0 },
};

/** A session that holds so many bytes, of a device that remembers whether it was destroyed. */
function aSession(
  adapter: string,
  bytes: number,
  matrices?: { M: number; N: number; K: number }[],
  software = false,
) {
  const failed = Promise.withResolvers<Error>(), device = { destroyed: false };
  const session = {
    ...{ adapter, heldBytes: () => bytes, failed: failed.promise, memoryBudget: 100 * bytes },
    report: { software, planning: { adapter, budget: 100 * bytes } },
    pipelines: { capabilities: { matrices }, device: { destroy: () => device.destroyed = true } },
  } as unknown as GpuSession;
  return { session, device, fail: failed.resolve };
}

Deno.test("GpuChoice computes f32 by Deno's own, and mixed precision by Dawn where it multiplies matrices", async () => {
  const own = aSession("own", 3), dawn = aSession("a card", 5, [{ M: 16, N: 16, K: 16 }]);
  let opened = 0;
  const open = () => {
    opened++;
    return Promise.resolve(dawn.session);
  };
  const choice = new GpuChoice(OPTIONS, own.session, { open });
  assertStringIncludes(choice.mixed!.why, "not chosen yet");
  for (const precision of ["f32", undefined]) {
    assertEquals(await choice.for(precision), { session: own.session });
  }
  assertEquals([opened, choice.heldBytes()], [0, 3]);
  const chosen = await Promise.all([choice.for("mixed"), choice.for("mixed")]);
  assertEquals(chosen.map(({ session }) => session.pipelines === dawn.session.pipelines), [true, true]);
  assertEquals(chosen[0].session.memoryBudget, 300); // one job's at a time
  assertEquals([opened, choice.heldBytes()], [1, 8]);
  assertEquals(chosen[0].why, "by Dawn on a card, which multiplies matrices of f16, 16 × 16 × 16 at once");
  const planning = { adapter: "a card", budget: 300 };
  assertEquals(choice.mixed as unknown, { why: chosen[0].why, planning });
  dawn.fail(new Error("lost"));
  assertEquals((await choice.failed).message, "lost"); // of either device
});

Deno.test("GpuChoice stays with Deno's own where Dawn has no such products, or is not to be had, and says why", async () => {
  const own = aSession("own", 3), plain = aSession("an old card", 5);
  const without = new GpuChoice(OPTIONS, own.session, { open: () => Promise.resolve(plain.session) });
  const { session, why } = await without.for("mixed");
  assertEquals([session === own.session, plain.device.destroyed, without.heldBytes()], [true, true, 3]);
  assertStringIncludes(why!, "an old card has no products of matrices");
  const absent = new GpuChoice(OPTIONS, own.session, { open: () => Promise.reject(new Error("no adapter")) });
  const chosen = await absent.for("mixed");
  assert(chosen.session === own.session);
  assertStringIncludes(chosen.why!, "Dawn is not to be had here: no adapter");
  assertEquals(absent.mixed, { why: chosen.why! });
});

Deno.test("GpuChoice takes what the operator has named, without a word", async () => {
  const own = aSession("own", 3);
  for (const gpuProvider of ["deno", "dawn"] as const) {
    const choice = new GpuChoice(
      { ...OPTIONS, gpuProvider },
      own.session,
      { open: () => Promise.reject(new Error("asked")) },
    );
    assertEquals(await choice.for("mixed"), { session: own.session });
    assertEquals(choice.mixed, undefined);
  }
});

Deno.test("GpuChoice does not move a job from a GPU to a CPU, nor wait for what hangs", async () => {
  const own = aSession("a card", 3), cpu = aSession("a CPU", 5, [{ M: 8, N: 8, K: 8 }], true);
  const software = new GpuChoice(OPTIONS, own.session, { open: () => Promise.resolve(cpu.session) });
  const { session, why } = await software.for("mixed");
  assertEquals([session === own.session, cpu.device.destroyed], [true, true]);
  assertStringIncludes(why!, "Dawn finds a CPU alone, which is a CPU");
  const late = aSession("late", 5, [{ M: 16, N: 16, K: 16 }]), opened = Promise.withResolvers<GpuSession>();
  const hung = new GpuChoice(OPTIONS, own.session, { open: () => opened.promise, openMs: 10 });
  assertStringIncludes((await hung.for("mixed")).why!, "opening it took more than 0.01 s");
  opened.resolve(late.session);
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals([late.device.destroyed, hung.heldBytes()], [true, 3]);
});
