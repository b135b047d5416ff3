import { assert, assertEquals } from "@std/assert";
import { encodePng } from "../../src/data/encode_png.ts";
import { type Family, readExposition, valueOf } from "./exposition.ts";
import { noise, noiseTar } from "./noise.ts";
import { TestServer } from "./server.ts";

const IMAGES = 64, EMBEDDED = 4;
const CONFIG = {
  ...{ arch: "cifar_resnet8", px: 16, batch: 16, steps: 40, precision: "mixed", evaluate: null },
  ...{ projector: { hidden: 32, out: 16 }, predictor: { hidden: 32 } },
  ...{ optimizer: { name: "lars", base_lr: 0.1, warmup_epochs: 0 } },
};

Deno.test({
  name: "Prometheus' figures and the system's report, of a server that has worked",
  // The server and its children outlive steps; the last line ends them.
  sanitizeOps: false,
  sanitizeResources: false,
}, async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "latentd-e2e-metrics-" });
  const server = await TestServer.start(dataDir);
  const scrape = async (): Promise<Map<string, Family>> => {
    const response = await server.fetch("/metrics");
    assertEquals(response.headers.get("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
    return readExposition(await response.text());
  };
  try {
    const headers = { "Content-Type": "application/x-tar" }, tar = await noiseTar(IMAGES, 32);
    const upload = await server.fetch("/v1/datasets?name=noise", { method: "POST", headers, body: tar });
    const { id: dataset } = await upload.json();
    await server.until(() => server.json(`/v1/datasets/${dataset}`), ({ status }) => status === "ready");
    const { id: job } = await (await server.post("/v1/jobs", { kind: "pretrain", dataset, config: CONFIG }))
      .json();
    const training = await server.until(scrape, (now) => {
      const train = { role: "train" }, planned = valueOf(now, "latentd_worker_gpu_planned_bytes", train) ?? 0;
      return (valueOf(now, "latentd_training_step_duration_seconds", { kind: "pretrain" }) ?? 0) > 0 &&
        planned > 0 && valueOf(now, "latentd_worker_gpu_held_bytes", train)! > planned / 2;
    });
    for (const name of ["loss", "images_per_second", "step", "loss_scale", "gradient_norm"]) {
      const value = valueOf(training, `latentd_training_${name}`, { kind: "pretrain" });
      assert(value !== undefined && value > 0, `${name}: ${value}`);
    }
    assertEquals(valueOf(training, "latentd_training_planned_steps", { kind: "pretrain" }), CONFIG.steps);
    assertEquals(valueOf(training, "latentd_jobs", { kind: "pretrain", status: "running" }), 1);
    await server.until(() => server.json(`/v1/jobs/${job}`), ({ status }) => status === "succeeded");

    const { data: [{ id: model }] } = await server.json("/v1/models") as unknown as {
      data: { id: string }[];
    };
    const input = await Promise.all(
      Array.from({ length: EMBEDDED }, async (_, n) => (await encodePng(noise(32, n))).toBase64()),
    );
    await server.until(() => server.statusOf("/readyz"), (status) => status === 200);
    assertEquals((await server.post("/v1/embeddings", { model, input })).status, 200);
    for (const path of ["/v1/jobs/none", "/nowhere/at/all", `/v1/datasets/${dataset}/items`]) {
      await server.statusOf(path);
    }

    // What a worker tells of itself is up to a second old.
    const now = await server.until(scrape, (now) => {
      return valueOf(now, "latentd_worker_gpu_held_bytes", { role: "train" }) === 0 &&
        valueOf(now, "latentd_worker_gpu_held_bytes", { role: "embed" })! > 0;
    });
    const expected: [name: string, labels: Record<string, string>, value: number][] = [
      ["latentd_ingest_images_total", {}, IMAGES],
      ["latentd_ingest_rejected_total", {}, 0],
      ["latentd_datasets", { status: "ready" }, 1],
      ["latentd_jobs", { kind: "pretrain", status: "succeeded" }, 1],
      ["latentd_jobs", { kind: "knn", status: "failed" }, 0],
      ["latentd_queue_depth", {}, 0],
      ["latentd_embedding_images_total", {}, EMBEDDED],
      ["latentd_embedding_requests_total", { outcome: "done" }, 1],
      ["latentd_embedding_batches_total", { outcome: "done" }, 1],
      ["latentd_embedding_batch_images", {}, 1],
      ["latentd_embedding_stage_duration_seconds", { stage: "decode" }, EMBEDDED],
      ...["queue", "dispatch", "load", "gpu"].map((stage): [string, Record<string, string>, number] => [
        ...["latentd_embedding_stage_duration_seconds", { stage }, 1] as const,
      ]),
      ["latentd_embedding_images_in_flight", {}, 0],
      ...["train", "embed", "ingest"].flatMap((role): [string, Record<string, string>, number][] => [
        ["latentd_worker_up", { role }, 1],
        ["latentd_worker_restarts_total", { role }, 0],
      ]),
      ["latentd_http_requests_total", { method: "POST", route: "/v1/embeddings", status: "200" }, 1],
      ["latentd_http_requests_total", { method: "GET", route: "/v1/jobs/:id", status: "404" }, 1],
      ["latentd_http_requests_total", { method: "GET", route: "none", status: "404" }, 1],
      ["latentd_http_request_duration_seconds", { method: "GET", route: "/v1/datasets/:id/items" }, 1],
    ];
    assertEquals(expected.map(([name, labels]) => [name, labels, valueOf(now, name, labels)]), expected);
    assertEquals(now.get("latentd_training_loss")?.samples, []); // no job runs
    const positive = [
      ...["latentd_disk_free_bytes", "latentd_disk_total_bytes", "process_resident_memory_bytes"],
      ...["latentd_heap_used_bytes", "process_start_time_seconds", "latentd_event_loop_lag_seconds"],
      ...["latentd_training_steps_total", "latentd_training_checkpoints_total"],
    ];
    for (const name of positive) assert(valueOf(now, name)! > 0, name);
    assert(valueOf(now, "latentd_http_received_bytes_total")! > tar.length);
    assertEquals(valueOf(now, "latentd_worker_gpu_planned_bytes", { role: "train" }), 0);
    // Nothing that a client chooses becomes a label.
    for (const text of [dataset, job, "nowhere"]) {
      assert(![...now.values()].some((family) => JSON.stringify(family).includes(text)), text);
    }

    const system = await server.json("/v1/system") as unknown as {
      workers: {
        role: string;
        up: boolean;
        adapter: { software: boolean; limits: Record<string, number> } | null;
      }[];
      queue: { depth: number; jobs: unknown[] };
      disk: { free_bytes: number; used_bytes: Record<string, number> };
      memory: Record<string, number>;
      settings: Record<string, string>;
    };
    assertEquals(system.workers.map(({ role, up }) => [role, up]), [
      ...[["train", true], ["embed", true], ["ingest", true]],
    ]);
    const { train, ingest } = Object.fromEntries(
      system.workers.map((worker) => [worker.role, worker.adapter]),
    );
    assert(train!.limits.maxStorageBufferBindingSize >= 128 * 2 ** 20);
    assertEquals(ingest, null);
    assertEquals(system.queue, {
      depth: 0,
      running: 0,
      jobs: [{ kind: "pretrain", status: "succeeded", count: 1 }],
    });
    assert(system.disk.free_bytes > 0 && system.disk.used_bytes.database > 0);
    // What the server makes under DATA_DIR has a name of its own.
    assertEquals(
      ["datasets", "checkpoints", "neighbors", "atlases", "results"].filter((use) =>
        !(use in system.disk.used_bytes)
      ),
      [],
    );
    assert(Object.values(system.memory).every((bytes) => bytes > 0));
    assertEquals([system.settings.DATA_DIR, system.settings.MAX_JSON_BYTES], [dataDir, "33554432"]);
  } finally {
    await server.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
});
