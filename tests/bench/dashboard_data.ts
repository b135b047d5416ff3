import { DatabaseSync } from "node:sqlite";
import { fromFileUrl, join } from "@std/path";
import { indexName } from "../../src/data/neighbor_index.ts";
import { ProjectionWriter } from "../../src/data/projection_file.ts";
import { newId } from "../../src/domain/ids.ts";
import type { NeighborIndexKey } from "../../src/domain/neighbors.ts";
import { TestServer } from "../e2e/server.ts";
import { tinyTar } from "./data_tiny.ts";
import { upload } from "./data_upload.ts";
import { sum } from "./figures.ts";

/** Goes on for as long as the bench may take. */
const TRAINING = {
  ...{ arch: "cifar_resnet8", px: 32, batch: 32, steps: 10_000_000, evaluate: null },
  ...{ projector: { hidden: 16, out: 8 }, predictor: { hidden: 16 } },
};
/** Of the encoder's embeddings, and of those what is kept of a projection. */
const DIM = 64, COMPONENTS = 50, CLOUDS = 10;
const STATES = ["succeeded", "failed", "cancelled"] as const;
/** Images may take as long as this to be taken in, in seconds. */
const INGEST_S = 600;

export interface Planted {
  dataset: string;
  /** Paused: it goes on when it is told to, past its many rows. */
  job: string;
  /** Where the map is, if it has points. */
  map: string;
}

/**
 * Fills a data directory with more than anybody has: images and one job by a real server, the rest straight into its
 * database.
 *
 * @param points Of the map, a dataset of its own, whose projection is made up. None: it is left out.
 */
export async function plant(
  directory: string,
  { jobs, rows, images, points }: { jobs: number; rows: number; images: number; points: number },
): Promise<Planted> {
  await Deno.mkdir(directory, { recursive: true });
  const server = await TestServer.start(directory);
  let planted: Planted;
  try {
    const { id: dataset } = await ingested(server, "tiny", images);
    const { id: job } = await (await server.post("/v1/jobs", { kind: "pretrain", dataset, config: TRAINING }))
      .json();
    await server.until(
      () => server.json(`/v1/jobs/${job}`),
      ({ progress }) => ((progress as { step: number } | null)?.step ?? 0) > 2,
    );
    await server.post(`/v1/jobs/${job}/pause`, {});
    await server.until(() => server.json(`/v1/jobs/${job}`), ({ status }) => status === "paused");
    const { data } = await server.json(`/v1/jobs/${job}/checkpoints`);
    planted = { dataset, job, map: "" };
    if (points > 0) {
      const checkpoint = (data as { id: string }[])[0].id, map = await ingested(server, "map", points);
      await plantProjection(directory, { checkpoint, dataset: map.id, fingerprint: map.fingerprint }, points);
      planted.map = `/map?dataset=${map.id}&model=${checkpoint}`;
    }
  } finally {
    await server.stop();
  }
  const db = new DatabaseSync(`${directory}/latentd.sqlite`);
  try {
    db.exec("PRAGMA synchronous = OFF; BEGIN");
    plantJobs(db, planted, jobs);
    plantRows(db, planted.job, rows);
    db.exec("COMMIT");
  } finally {
    db.close();
  }
  return planted;
}

async function ingested(server: TestServer, name: string, images: number) {
  const id = await upload(server, name, tinyTar(images));
  return await server.until(
    () => server.json(`/v1/datasets/${id}`),
    ({ status }) => status === "ready",
    INGEST_S,
  ) as unknown as { id: string; fingerprint: string };
}

/** Ten clouds in as many components as UMAP takes, each less wide than the one before, as principal components are. */
async function plantProjection(directory: string, key: NeighborIndexKey, points: number): Promise<void> {
  const path = join(directory, "neighbors", indexName(key)), STRETCH = 5000;
  await Deno.mkdir(path, { recursive: true });
  const writer = await ProjectionWriter.open(path, points, COMPONENTS), random = lehmer(1);
  const width = (c: number) => 1 / Math.sqrt(1 + c);
  const middles = Array.from({ length: CLOUDS * COMPONENTS }, (_, i) => 2 * width(i % COMPONENTS) * random());
  try {
    for (let from = 0; from < points; from += STRETCH) {
      const count = Math.min(STRETCH, points - from);
      await writer.append(Float32Array.from({ length: count * COMPONENTS }, (_, i) => {
        const row = from + Math.floor(i / COMPONENTS), c = i % COMPONENTS;
        return middles[(row % CLOUDS) * COMPONENTS + c] + 0.6 * width(c) * (random() + random());
      }));
    }
    const variances = Array.from({ length: COMPONENTS }, (_, c) => width(c) ** 2), all = sum(variances);
    await writer.finish({
      ...{ dim: DIM, mean: new Array(DIM).fill(0), explained_variance: variances },
      explained_variance_ratio: variances.map((variance) => variance / all),
    });
  } finally {
    writer.close();
  }
}

/** Numbers from −1 to 1, the same each time. Source: Park and Miller's minimal standard generator. */
function lehmer(state: number): () => number {
  return () => (state = state * 48_271 % 0x7fffffff) / 0x3fffffff - 1;
}

/** Jobs that have ended, each in its way, an hour after the other. */
function plantJobs(db: DatabaseSync, { dataset, job }: Planted, count: number): void {
  const { config } = db.prepare("SELECT config FROM jobs WHERE id = ?").get(job) as { config: string };
  const insert = db.prepare(
    `INSERT INTO jobs (id, kind, status, dataset, config, metadata, progress, metrics, result, attempt, error,
       created_at, started_at, finished_at) VALUES (?, 'pretrain', ?, ?, ?, '{}', ?, ?, NULL, 1, ?, ?, ?, ?)`,
  );
  const progress = { step: 900, total_steps: 1000, epoch: 9, images_per_s: 1234.5, eta_s: null };
  const error = JSON.stringify({ code: "diverged", message: "The loss is not finite since step 900" });
  for (let n = 0; n < count; n++) {
    const status = STATES[n % STATES.length], at = new Date(Date.now() - 3.6e6 * (count - n)).toISOString();
    insert.run(
      ...[newId("job"), status, dataset, config, JSON.stringify(progress)],
      ...[
        JSON.stringify({ loss: 1 + Math.sin(n), knn_top1: (n % 100) / 100 }),
        status === "failed" ? error : null,
      ],
      ...[at, at, at],
    );
  }
}

/** Rows of figures before those that the job has, at parts of its steps: it goes on past them when it is resumed. */
function plantRows(db: DatabaseSync, job: string, rows: number): void {
  const { data } = db.prepare(
    "SELECT data FROM events WHERE job = ? AND type = 'metrics' ORDER BY seq DESC LIMIT 1",
  ).get(job) as { data: string };
  const { step, ...figures } = JSON.parse(data) as Record<string, number>;
  const shift = db.prepare("UPDATE events SET seq = seq + ? WHERE job = ? AND seq = ?");
  const all = db.prepare("SELECT seq FROM events WHERE job = ? ORDER BY seq DESC").all(job) as {
    seq: number;
  }[];
  for (const { seq } of all) shift.run(rows, job, seq);
  const insert = db.prepare(
    "INSERT INTO events (job, seq, type, data, created_at) VALUES (?, ?, 'metrics', ?, ?)",
  );
  const began = Date.now() - 1000 * rows;
  for (let n = 1; n <= rows; n++) {
    const noisy = Object.entries(figures).map((
      [name, value],
    ) => [name, value * (1 + 0.2 * Math.sin(n * 1.7))]);
    const row = { step: (step * n) / (rows + 1), ...Object.fromEntries(noisy) };
    insert.run(job, n, JSON.stringify(row), new Date(began + 1000 * n).toISOString());
  }
}

/** Where a bench may keep what it fills. */
export const benchDirectory = (): string =>
  fromFileUrl(new URL(`./results/dashboard-${Deno.pid}`, import.meta.url));
