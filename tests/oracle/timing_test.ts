import { assert, assertEquals, assertRejects } from "@std/assert";
import { DomainError } from "../../src/domain/errors.ts";
import { Plan } from "../../src/gpu/plan.ts";
import { readFloats } from "../../src/gpu/readback.ts";
import { Recorder } from "../../src/gpu/recorder.ts";
import type { Tensor } from "../../src/gpu/tensor.ts";
import { timePlan } from "../../src/gpu/timing.ts";
import { recordAdd } from "../../src/nn/add.ts";
import { noise, pipelines, upload } from "./oracle.ts";

const { device, capabilities } = pipelines;
/** More dispatches than one query set has room for. */
const LINKS = 2500;
const needsTimestamps = {
  ignore: !capabilities.timestamps,
  suffix: capabilities.timestamps ? "" : " (skipped: this adapter has no timestamp queries)",
};

/** `y = x + x + … + x`, each sum waiting for the one before it. */
async function chain(links: number): Promise<{ plan: Plan; y: Tensor }> {
  const recorder = new Recorder(capabilities), x = upload(noise([3, 65], 1));
  let y: Tensor = x;
  for (let link = 0; link < links; link++) y = recordAdd(recorder, `link${link}`, y, x);
  recorder.keep(y);
  return { plan: await recorder.compile(pipelines), y };
}

Deno.test({
  name:
    `a timed plan makes what a replayed one makes, and each dispatch has its time${needsTimestamps.suffix}`,
  ignore: needsTimestamps.ignore,
  async fn() {
    const timed = await chain(LINKS), plain = await chain(LINKS);
    const { dispatches, gpuMs, wallMs } = await timePlan(timed.plan, { rounds: 1 });
    plain.plan.replay();
    assertEquals(await readFloats(device, timed.y), await readFloats(device, plain.y));

    assertEquals(dispatches.length, LINKS);
    assertEquals(
      dispatches.map(({ kernel, label }) => `${kernel} ${label}`),
      timed.plan.dispatches.map(({ kernel, label }) => `${kernel} ${label}`),
    );
    assertEquals(dispatches.filter(({ ms }) => !(ms >= 0 && Number.isFinite(ms))), []);
    // Of one round, links that wait for one another add up to no more than the way from the first to the last.
    const sum = dispatches.reduce((total, { ms }) => total + ms, 0);
    assert(sum > 0 && sum <= gpuMs * (1 + 1e-9), `${sum} ms of ${gpuMs} ms`);
    assert(wallMs > 0);
    for (const { plan } of [timed, plain]) plan.destroy();
  },
});

Deno.test({
  name:
    `what was timed can be replayed as before, and is timed through its owner's replay${needsTimestamps.suffix}`,
  ignore: needsTimestamps.ignore,
  async fn() {
    const { plan, y } = await chain(3);
    let replays = 0;
    await timePlan(plan, { rounds: 2, replay: () => (replays++, plan.replay()) });
    assertEquals([replays, plan.timestampsOf], [3, undefined]);
    const before = await readFloats(device, y);
    device.queue.writeBuffer(y.storage!.buffer, y.storage!.offset, new Float32Array(before.length));
    plan.replay();
    assertEquals(await readFloats(device, y), before);
    plan.destroy();
  },
});

Deno.test("a device without timestamp queries is refused by name, and so are no rounds", async () => {
  const bare = { features: new Set() } as unknown as GPUDevice;
  const memory = { bytes: 0, peakBytes: 0, unsharedBytes: 0, tensors: 0, largest: undefined };
  await assertRejects(
    () => timePlan(new Plan(bare, [], memory, [])),
    DomainError,
    "offers no timestamp queries",
  );
  if (capabilities.timestamps) {
    await assertRejects(
      () => timePlan(new Plan(device, [], memory, []), { rounds: 0 }),
      RangeError,
      "rounds must be a positive integer, got 0",
    );
    assertEquals((await timePlan(new Plan(device, [], memory, []))).dispatches, []);
  }
});
