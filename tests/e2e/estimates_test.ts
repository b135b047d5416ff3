// Jobs of each kind on a server whose GPU may give little: refused when submitted, and estimated, also while one trains.
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import type { JobEstimate } from "../../src/domain/estimate.ts";
import { standIns } from "./photographs.ts";
import { plantModel } from "./planted_model.ts";
import { TestServer } from "./server.ts";

/** Less than a resnet18's weights; enough for a cifar_resnet8 in small batches. */
const MEMORY_BYTES = 40e6;
const HEADS = { projector: { hidden: 32, out: 16 }, predictor: { hidden: 32 } };
const SMALL = { arch: "cifar_resnet8", px: 16, batch: 8, evaluate: null, ...HEADS };

Deno.test({
  name: "jobs that do not fit are refused when submitted, and estimates tell as much beforehand",
  sanitizeOps: false, // the server and its children outlive steps
  sanitizeResources: false,
}, async (context) => {
  const dataDir = await Deno.makeTempDir({ prefix: "latentd-e2e-estimates-" });
  const checkpoint = await plantModel(dataDir, "resnet18", 32);
  const server = await TestServer.start(dataDir, { GPU_MEMORY_BYTES: String(MEMORY_BYTES) });
  const { id: dataset } = await server.json("/v1/datasets?name=toy", {
    ...{ method: "POST", headers: { "Content-Type": "application/x-tar" }, body: await standIns() },
  });
  await server.until(() => server.json(`/v1/datasets/${dataset}`), ({ status }) => status === "ready");
  const trains = async () => {
    const { workers } = await server.json("/v1/system");
    return (workers as { role: string; up: boolean }[]).find(({ role }) => role === "train")!.up;
  };
  await server.until(trains, (up) => up);
  const job = (id: string) => server.json(`/v1/jobs/${id}`);
  /** What is known within 2 s; a machine that is busy may need a second try. */
  const estimate = async (kind: string, config: object): Promise<JobEstimate> =>
    await server.until(async () => {
      const response = await server.post("/v1/jobs/estimate", { kind, dataset, config });
      const body = await response.json();
      assertEquals(response.status, 200, JSON.stringify(body));
      return body as JobEstimate;
    }, ({ memory }) => memory !== null);
  const submit = async (kind: string, config: object): Promise<string> => {
    const response = await server.post("/v1/jobs", { kind, dataset, config }), body = await response.json();
    assertEquals(response.status, 202, JSON.stringify(body));
    return body.id;
  };
  /** The refusal of a job; where its plan was late, it is queued, cancelled, and tried again. */
  const refusal = async (kind: string, config: object) => {
    for (let tries = 0;; tries++) {
      const response = await server.post("/v1/jobs", { kind, dataset, config }), body = await response.json();
      if (response.status !== 202 || tries === 5) {
        assertEquals([response.status, body.error?.code], [422, "does_not_fit"], JSON.stringify(body));
        return body as { detail: string; errors: { pointer: string }[] };
      }
      await server.post(`/v1/jobs/${body.id}/cancel`, {});
    }
  };

  const large = { arch: "resnet18", px: 32, batch: 8, steps: 2 };
  const probe = { checkpoint, protocol: "lbfgs" };
  const wrong: [kind: string, config: object, field: string][] = [
    ["pretrain", { ...large, evaluate: null, ...HEADS }, "batch"],
    ["pretrain", { ...large, arch: "resnet200x2", px: 224, evaluate: null, preset: "byol-40" }, "batch"],
    ["finetune", { ...large, init: null, steps: [2], base_lr: [0.1], label_fraction: 1 }, "batch"],
    ["finetune", { ...large, init: checkpoint, steps: [2], base_lr: [0.1], label_fraction: 1 }, "batch"],
    ["knn", { checkpoint, k: 5 }, "checkpoint"],
    ["linear_probe", probe, "checkpoint"],
    ["embed", { checkpoint }, "checkpoint"],
  ];
  for (const [kind, config, field] of wrong) {
    await context.step(`a ${kind} job that does not fit is refused, and its estimate says why`, async () => {
      const { detail, errors: [{ pointer }] } = await refusal(kind, config);
      assertEquals(pointer, `#/config/${field}`);
      assert(detail.includes("MiB of the GPU's memory") && detail.includes("38.1 MiB may be taken"), detail);
      if (field === "batch") assert(detail.endsWith("no batch fits"), detail);
      const { memory, steps, seconds, basis } = await estimate(kind, config);
      assertEquals([memory!.fits, memory!.available_bytes, memory!.largest_batch], [
        false,
        MEMORY_BYTES,
        null,
      ]);
      assertEquals(memory!.detail, detail);
      assert(memory!.bytes! > MEMORY_BYTES && steps! > 0);
      assertEquals([seconds, basis.time], [null, "not known: no such job has run on this server yet"]);
      assert(basis.memory.startsWith("worked out from the sizes of every tensor, on "), basis.memory);
    });
  }
  assertEquals((await server.json("/v1/jobs?status=queued")).data, []);

  let run = "";
  await context.step("the largest batch that is named is accepted, and one more is not", async () => {
    const { memory, given, config } = await estimate("pretrain", { ...SMALL, px: 32, batch: 48, steps: 2 });
    assert(memory!.fits === false && memory!.largest_batch! >= 2, JSON.stringify(memory));
    assertEquals(given.slice(0, 3), ["/arch", "/px", "/batch"]);
    assertEquals(config.tau, 0.95);
    const most = memory!.largest_batch!;
    const { detail } = await refusal("pretrain", { ...SMALL, px: 32, batch: most + 1, steps: 2 });
    assert(detail.endsWith(`the largest batch that fits is ${most}`), detail);
    const fitting = await estimate("pretrain", { ...SMALL, px: 32, batch: 4, steps: 2 });
    assertEquals([fitting.memory!.fits, fitting.memory!.largest_batch], [true, most]);
    run = await submit("pretrain", { ...SMALL, px: 32, batch: most, steps: 8 });
    const { status, error } = await server.until(
      () => job(run),
      ({ finished_at }) => finished_at !== null,
      300,
    );
    assertEquals([status, error], ["succeeded", undefined]);
  });

  await context.step("time is told by a job that has run, and scaled by arithmetic for another", async () => {
    const { config } = await job(run), { px, batch } = config as { px: number; batch: number };
    const same = await estimate("pretrain", { ...SMALL, px, batch, steps: 100 });
    assert(
      same.seconds! > 0 && same.basis.time.includes(`as ${run} has shown, of the same kind`),
      same.basis.time,
    );
    assertEquals([same.steps, same.steps_per_epoch], [100, Math.floor(96 / batch)]);
    assertAlmostEquals(same.seconds_per_epoch!, (same.seconds! / 100) * same.steps_per_epoch!, 1e-9);
    const quarter = await estimate("pretrain", { ...SMALL, px: px / 2, batch, steps: 100 });
    assertAlmostEquals(quarter.seconds! / same.seconds!, 0.25, 1e-6);
    assert(quarter.basis.time.includes("divided by the 0.250 times of arithmetic"), quarter.basis.time);
  });

  await context.step(
    "an estimate comes while another job trains; of what is wrong it says what POST does",
    async () => {
      const long = await submit("pretrain", { ...SMALL, steps: 100_000 });
      await server.until(() => job(long), ({ progress }) => (progress as { step: number } | null)?.step! > 0);
      assertEquals((await estimate("embed", { checkpoint })).memory!.fits, false);
      assert((await estimate("pretrain", { ...SMALL, steps: 5 })).memory!.fits);
      const both = await Promise.all(["/v1/jobs", "/v1/jobs/estimate"].map(async (path) => {
        const response = await server.post(path, {
          kind: "pretrain",
          dataset,
          config: { ...SMALL, batch: 1 },
        });
        const { detail, errors } = await response.json();
        return [response.status, detail, errors];
      }));
      assertEquals(both[0], both[1]);
      assertEquals(both[0][0], 422);
      await server.post(`/v1/jobs/${long}/cancel`, {});
    },
  );

  await server.stop();
  await Deno.remove(dataDir, { recursive: true });
});
