import { DatabaseSync } from "node:sqlite";
import { fromFileUrl } from "@std/path";
import { newId } from "../../src/domain/ids.ts";
import { TestServer } from "../e2e/server.ts";
import { tinyTar } from "./data_tiny.ts";
import { upload } from "./data_upload.ts";

const EMBED_PX = 32;
/** Goes on for as long as the bench may take. */
const TRAINING = {
  ...{ arch: "cifar_resnet8", px: EMBED_PX, batch: 32, steps: 10_000_000, evaluate: null },
  ...{ projector: { hidden: 16, out: 8 }, predictor: { hidden: 16 } },
};
const STATES = ["succeeded", "failed", "cancelled"] as const;
/** A model's embeddings, and what comes of them, may take as long as this, in seconds. */
const EMBED_S = 3600;

export interface Planted {
  dataset: string;
  /** Paused: it goes on when it is told to, past its many rows. */
  job: string;
  model: string;
}

/**
 * Fills a data directory with more than anybody has: images and one job by a real server, the rest straight into its
 * database.
 *
 * @param map Whether the images' projection is to be there, too: each is embedded for that.
 */
export async function plant(
  directory: string,
  { jobs, rows, images, map }: { jobs: number; rows: number; images: number; map: boolean },
): Promise<Planted> {
  await Deno.mkdir(directory, { recursive: true });
  const server = await TestServer.start(directory, { EMBED_MEMORY_BYTES: String(2 ** 30) });
  let planted: Planted;
  try {
    const dataset = await upload(server, "tiny", tinyTar(images));
    await server.until(
      () => server.json(`/v1/datasets/${dataset}`),
      ({ status }) => status === "ready",
      EMBED_S,
    );
    const { id: job } = await (await server.post("/v1/jobs", { kind: "pretrain", dataset, config: TRAINING }))
      .json();
    await server.until(
      () => server.json(`/v1/jobs/${job}`),
      ({ progress }) => ((progress as { step: number } | null)?.step ?? 0) > 2,
    );
    await server.post(`/v1/jobs/${job}/pause`, {});
    await server.until(() => server.json(`/v1/jobs/${job}`), ({ status }) => status === "paused");
    const { data } = await server.json(`/v1/jobs/${job}/checkpoints`);
    const model = (data as { id: string }[])[0].id;
    planted = { dataset, job, model };
    if (map) {
      const path = `/v1/datasets/${dataset}/projection?model=${model}`;
      await server.until(() => server.statusOf(path), (status) => status === 200, EMBED_S);
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
