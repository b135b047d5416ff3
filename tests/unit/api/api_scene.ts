import type { OpenAPIHono } from "@hono/zod-openapi";
import { createApp } from "../../../src/api/app.ts";
import type { ApiDeps } from "../../../src/api/deps.ts";
import { Backups } from "../../../src/backup/backups.ts";
import type { Checkpoint } from "../../../src/domain/checkpoint.ts";
import type { Dataset } from "../../../src/domain/dataset.ts";
import { DomainError } from "../../../src/domain/errors.ts";
import type { NeighborFinder } from "../../../src/domain/neighbors.ts";
import type { ProjectionLibrary, Projector } from "../../../src/domain/projection.ts";
import { TusUploads } from "../../../src/data/tus_uploads.ts";
import type {
  CheckpointLibrary,
  DatasetLibrary,
  Embedder,
  Store,
  Trainer,
} from "../../../src/domain/ports.ts";
import { FileCheckpointExporter } from "../../../src/export/exporter.ts";
import { linkTree } from "../../../src/files/link_tree.ts";
import { FileCheckpointImporter } from "../../../src/import/importer.ts";
import { DatasetIntake } from "../../../src/jobs/dataset_intake.ts";
import { EventHub } from "../../../src/jobs/event_hub.ts";
import { JobRunner } from "../../../src/jobs/job_runner.ts";
import { CheckpointRetention } from "../../../src/jobs/retention.ts";
import { estimateJob } from "../../../src/jobs/estimate.ts";
import { submitJob } from "../../../src/jobs/submit.ts";
import { openSqliteStore } from "../../../src/store/sqlite_store.ts";
import { aCheckpoint, aDataset, aJob } from "../../contract/store_contract.ts";

/** What the fake decoder takes for a JPEG of 2 × 1 pixels; BROKEN is a damaged one, and all but HUGE is none. */
export const JPEG = Uint8Array.of(0xff, 0xd8, 0xff, 7);
export const BROKEN = Uint8Array.of(0xff, 0xd8, 0xff, 0);
export const HUGE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 1);
export const MODEL_BYTES = Uint8Array.from({ length: 200_000 }, (_, i) => i % 251);
/** What the fake library says of every checkpoint. */
export const MODEL: Awaited<ReturnType<CheckpointLibrary["model"]>> = {
  ...{ arch: "cifar_resnet8", dim: 3, classes: 0 },
  preprocessing: { px: 32, channel_mean: [0, 0, 0], channel_std: [1, 1, 1] },
};
const UPLOAD_LIMIT = 1000;

export interface Scene {
  app: OpenAPIHono;
  store: Store;
  hub: EventHub;
  runner: JobRunner;
  /** Ids of checkpoints whose files were removed. */
  removed: string[];
  intake: DatasetIntake;
  dataset: Dataset;
  checkpoint: Checkpoint;
  /** What the fakes do; a test may change it. */
  act: {
    ready: boolean;
    train: Trainer["run"];
    ingest: DatasetLibrary["ingest"];
    model: CheckpointLibrary["model"];
    views: Embedder["views"];
    find: NeighborFinder["find"];
    project: Projector["make"];
    /** What is kept of projections. */
    kept: ProjectionLibrary["open"];
  };
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
}

/** The app over a real store, a ready dataset, a checkpoint with one real file, and fakes for the rest. */
export async function withApi(
  check: (scene: Scene) => Promise<void>,
  deps: Partial<ApiDeps> = {},
): Promise<void> {
  const directory = await Deno.makeTempDir();
  const store = openSqliteStore(`${directory}/latentd.sqlite`), hub = new EventHub();
  const act: Scene["act"] = {
    ready: true,
    train: () => Promise.resolve({ steps: 1 }),
    model: () => Promise.resolve(MODEL),
    ingest: () => Promise.reject(new DomainError("malformed", "Cannot read the archive: cut off")),
    find: ({ queries }) => Promise.resolve(queries.map(() => [])),
    project: () => Promise.resolve(undefined),
    kept: () => Promise.resolve(undefined),
    views: ({ item, px, seed, augmentation }) =>
      Promise.resolve({
        width: px,
        height: seed,
        pixels: new TextEncoder().encode(`${item} ${augmentation}`),
      }),
  };
  const library: DatasetLibrary = {
    async receive(_id, upload) {
      if (!("body" in upload)) return 0;
      const { body } = upload;
      let total = 0;
      for await (const chunk of body) {
        if ((total += chunk.length) > UPLOAD_LIMIT) {
          throw new DomainError("too_large", "Cannot keep the upload");
        }
      }
      if (total === 0) throw new DomainError("malformed", "Cannot keep the upload: it is empty");
      return total;
    },
    ingest: (...task) => act.ingest(...task),
    sweep: () => Promise.resolve([]),
    items: (_id, filter, { after = -1, limit }) => {
      const all = ["a", "b", "c"].map((name, n) => ({
        ...{ n, path: `${name}.png`, split: "train", class: filter.class ?? null, width: 4, height: 2 },
      }));
      const rest = all.filter(({ n }) => n > after);
      return Promise.resolve({ data: rest.slice(0, limit), has_more: rest.length > limit, total: 3 });
    },
    image: (id, n) =>
      n < 3
        ? Promise.resolve({ width: 4, height: 2, pixels: new Uint8Array(24).fill(9) })
        : Promise.reject(new DomainError("not_found", `Cannot find image ${n} of ${id}`)),
    original: (_id, n) => Promise.resolve(new TextEncoder().encode(n === 0 ? "\xff\xd8\xff" : "?")),
    rejected: () =>
      Promise.resolve({
        ...{ data: [{ path: "notes.jpg", reason: "no image" }], has_more: false },
        reasons: [{ reason: "no image", files: 1 }],
      }),
    duplicates: () =>
      Promise.resolve({
        data: [{ images: 2, items: [{ n: 0, path: "a.png", split: "train", class: null }] }],
        has_more: false,
      }),
    remove: () => Promise.resolve(),
  };
  const uploads = new TusUploads({
    ...{ directory: `${directory}/uploads`, path: "/v1/uploads", maxBytes: 1000, lifetimeMs: 3600_000 },
  });
  const dataset = aDataset({
    status: "ready",
    splits: { train: { images: 64, classes: { cat: 64 } }, test: { images: 8, classes: { cat: 8 } } },
  });
  store.createDataset(dataset);
  const source = aJob({ dataset: dataset.id, status: "cancelled" });
  store.createJob(source);
  await Deno.writeFile(`${directory}/model.safetensors`, MODEL_BYTES);
  const checkpoint = aCheckpoint(source.id, {
    files: [{ name: "model.safetensors", bytes: MODEL_BYTES.length, sha256: "c0ffee" }],
  });
  store.createCheckpoint(checkpoint);
  const removed: string[] = [];
  const checkpoints: CheckpointLibrary = {
    path: (_id, name) => `${directory}/${name}`,
    model: (id) => act.model(id),
    labels: async (id) => Array.from({ length: (await act.model(id)).classes }, (_, n) => `label ${n}`),
    verify: async (id) => void await act.model(id),
    remove: (id) => Promise.resolve(void removed.push(id)),
  };
  const exporter = new FileCheckpointExporter(directory);
  const importer = new FileCheckpointImporter({
    ...{ directory: `${directory}/imported`, maxBytes: 2 ** 20 },
    list: (checkpoint) => store.createCheckpoint(checkpoint),
  });
  const retention = new CheckpointRetention({ store, library: checkpoints });
  const trainer: Trainer = { run: (...task) => act.train(...task) };
  const runner = new JobRunner({ store, hub, retention, trainer });
  const intake = new DatasetIntake({ store, library });
  const allDeps: ApiDeps = {
    ...{ store, library, intake, hub, runner, retention, checkpoints, exporter, importer, uploads },
    results: { path: (_job, name) => `${directory}/${name}`, discard: () => Promise.resolve() },
    backups: new Backups({ dataDir: directory, store, copyDataset: linkTree, hold: () => () => {} }),
    submit: (body, key) => submitJob({ store }, body, key),
    estimate: (body) =>
      estimateJob(
        { store, planner: { plan: () => Promise.resolve(undefined) }, target: () => undefined },
        body,
      ),
    decoder: {
      decode(bytes) {
        if (bytes[0] === 0x89) {
          return Promise.reject(
            new DomainError("too_large", "Cannot decode: too many pixels", { type: "image_too_large" }),
          );
        }
        if (bytes[0] !== 0xff) {
          return Promise.reject(
            new DomainError("unsupported_media_type", "Cannot decode: no image", { type: "image_format" }),
          );
        }
        if (bytes[3] === 0) {
          return Promise.reject(
            new DomainError("malformed", "Cannot decode: cut off", { type: "image_malformed" }),
          );
        }
        return Promise.resolve({ width: 2, height: 1, pixels: new Uint8Array(6).fill(bytes[3]) });
      },
    },
    embedder: {
      embed: (_checkpoint, images) =>
        Promise.resolve(images.map(({ pixels: [p] }) => Float32Array.of(3, 4, p - 7))),
      // The class that the image's value names is the likeliest, and those before it as likely as each other.
      classify: (_checkpoint, images) =>
        Promise.resolve(
          images.map(({ pixels: [p] }) =>
            Float32Array.from({ length: 10 }, (_, n) => n === p ? 0.5 : n < p ? 0.25 : 0)
          ),
        ),
      views: (...request) => act.views(...request),
      ready: () => act.ready,
      unready: () => act.ready ? [] : ["the embedding worker is starting"],
    },
    neighbors: { find: (...search) => act.find(...search) },
    overview: {
      columns: () =>
        Promise.resolve({
          ...{ splits: ["train"], classes: ["cat", "dog"] },
          ...{ split: Uint8Array.of(0, 0), class: Int16Array.of(1, -1) },
        }),
      atlas: (_version, n, px) => Promise.resolve(Uint8Array.of(n, px)),
    },
    projector: { make: (...asked) => act.project(...asked) },
    projections: { open: (key) => act.kept(key) },
    encodePng: ({ width, height }) => Promise.resolve(Uint8Array.of(0x89, 0x50, width, height)),
    metrics: { contentType: "text/plain", render: () => Promise.resolve("") },
    onAnswer: () => {},
    system: () => {
      throw new TypeError("Cannot describe the system: there is none");
    },
    limits: { embeddingsBytes: 100_000, jsonBytes: 2000 },
    ...deps,
  };
  const app = createApp(allDeps);
  const scene: Scene = {
    ...{ app, store, hub, runner, removed, intake, dataset, checkpoint, act },
    get: async (path, headers) => await app.request(path, { headers }),
    post: async (path, body, headers) =>
      await app.request(path, {
        ...{ method: "POST", body: JSON.stringify(body) },
        headers: { "Content-Type": "application/json", ...headers },
      }),
  };
  try {
    await check(scene);
  } finally {
    await runner.stop();
    await intake.idle();
    uploads.close();
    exporter.close();
    importer.close();
    store.close();
    await Deno.remove(directory, { recursive: true });
  }
}

/** Asserts nothing itself: the status and the problem's parts that tests look at, after checking the fixed ones. */
export async function problemOf(response: Response): Promise<[number, string, ...string[]]> {
  const body = await response.json();
  if (
    response.headers.get("Content-Type") !== "application/problem+json" || body.status !== response.status ||
    !response.headers.get("X-Request-Id") || body.error.message !== body.detail || "stack" in body
  ) throw new TypeError(`Cannot accept the answer as a problem: ${response.status} ${JSON.stringify(body)}`);
  return [
    response.status,
    body.error.code,
    ...(body.errors ?? []).map((e: { pointer: string }) => e.pointer),
  ];
}

/** A body without a length, a chunk at a time. */
export const chunked = (chunk: Uint8Array, times: number): ReadableStream<Uint8Array> => {
  let left = times;
  return new ReadableStream({
    pull: (controller) => left-- > 0 ? controller.enqueue(chunk) : controller.close(),
  });
};
