import { dirname, join, resolve } from "@std/path";
import { Admission } from "../api/admission.ts";
import { createApp } from "../api/app.ts";
import { listen } from "../api/listen.ts";
import { Turns } from "../api/turns.ts";
import { Backups, DATABASE } from "../backup/backups.ts";
import { compareWithDisk } from "../backup/compare_with_disk.ts";
import { FileCheckpointLibrary, sweepUnfinished } from "../checkpoint/checkpoint_reader.ts";
import { type Config, readSettings } from "../config.ts";
import { copyDataset } from "../data/dataset_copy.ts";
import { decoderFolders, sharpFolders } from "../data/decoder_folders.ts";
import { DecoderPool } from "../data/decoder_pool.ts";
import { DatasetOverviews } from "../data/dataset_overviews.ts";
import { FileDatasetLibrary } from "../data/dataset_library.ts";
import { encodePng } from "../data/encode_png.ts";
import { FileNeighborIndexLibrary } from "../data/neighbor_index.ts";
import { FileProjectionLibrary } from "../data/projection_file.ts";
import { TusUploads } from "../data/tus_uploads.ts";
import { DISK_USES, type DiskUse } from "../domain/measures.ts";
import type { Work } from "../domain/work.ts";
import { FileCheckpointExporter } from "../export/exporter.ts";
import { DiskUsage } from "../files/disk_usage.ts";
import { hasRoom } from "../files/room.ts";
import { FileCheckpointImporter, sweepImports } from "../import/importer.ts";
import { DatasetIntake } from "../jobs/dataset_intake.ts";
import { estimateJob } from "../jobs/estimate.ts";
import { EventHub } from "../jobs/event_hub.ts";
import { IndexUpkeep } from "../jobs/index_upkeep.ts";
import { JobRunner } from "../jobs/job_runner.ts";
import { CheckpointRetention } from "../jobs/retention.ts";
import { submitFittingJob } from "../jobs/submit.ts";
import { log } from "../log/log.ts";
import { Metrics } from "../metrics/metrics.ts";
import { ModelLatencies } from "../metrics/model_latency.ts";
import { systemReport } from "../metrics/system_report.ts";
import { FileResultLibrary } from "../results/result_library.ts";
import { ChildProcess, type Command } from "../supervisor/child_process.ts";
import { downloadCommand, workerCommand, type WorkerName } from "../supervisor/commands.ts";
import { DownloadClient } from "../supervisor/download_client.ts";
import { EmbeddingClient } from "../supervisor/embedding_client.ts";
import { EmbeddingQueue } from "../supervisor/embedding_queue.ts";
import { EmbeddingWatch } from "../supervisor/embedding_watch.ts";
import { IngestClient } from "../supervisor/ingest_client.ts";
import { ModelWarmer } from "../supervisor/model_warmer.ts";
import { NeighborClient } from "../supervisor/neighbor_client.ts";
import { PlanningClient } from "../supervisor/planning_client.ts";
import { ProjectionClient } from "../supervisor/projection_client.ts";
import { TrainingClient } from "../supervisor/training_client.ts";
import { dashboardFiles } from "./dashboard_files.ts";
import { Findings } from "./findings.ts";
import { openKeys, openStore, requireSharp } from "./start.ts";

/** Requests that may be at work besides those of the images that wait: two batches of 128 are embedded, others decoded. */
const BUSY_REQUESTS = 512;
/** What requests under way are given to end before the server goes without them. */
const DRAIN_MS = 10_000;

const readEnv = (name: string): string | undefined => Deno.env.get(name);

/** What an entry of DATA_DIR is there for. */
const useOf = (name: string): DiskUse =>
  DISK_USES.find((use) => use === name) ?? (name.startsWith("latentd.sqlite") ? "database" : "other");

/** Wires the rooms, listens, and returns when SIGTERM or SIGINT has been answered with an orderly end. */
export async function serve(config: Config, main: string): Promise<void> {
  const dataDir = resolve(config.dataDir), keys = openKeys(config.apiKeysFile);
  const commandOf = (name: WorkerName): Command =>
    workerCommand(name, {
      ...{ main, config, dataDir, decoders: decoderFolders(), sharp: sharpFolders() },
      runtimeDirectory: readEnv("XDG_RUNTIME_DIR") ?? "/tmp", // Vulkan's loader complains without one
    });
  if (config.imageDecoder === "sharp") await requireSharp(commandOf("ingest"));
  await Deno.mkdir(dataDir, { recursive: true });
  // First of all: whoever holds the store has DATA_DIR, and what another server is writing must not be swept.
  const store = openStore(main, join(dataDir, DATABASE));
  const datasetsDirectory = join(dataDir, "datasets");
  await Deno.mkdir(datasetsDirectory, { recursive: true });
  const checkpointDirectory = join(dataDir, "checkpoints");
  await sweepUnfinished(checkpointDirectory);
  await sweepImports(checkpointDirectory, (id) => store.getCheckpoint(id) !== undefined);

  const checkpoints = new FileCheckpointLibrary(checkpointDirectory);
  const exporter = new FileCheckpointExporter(checkpointDirectory);
  const results = new FileResultLibrary(join(dataDir, "results"));
  await results.sweep((id) => store.getJob(id));
  const tidyIndexes = (): void => void upkeep.tidy();
  const retention = new CheckpointRetention({ store, library: checkpoints, results, onRemoved: tidyIndexes });
  const importer = new FileCheckpointImporter({
    ...{ directory: checkpointDirectory, maxBytes: config.maxUploadBytes },
    list: (checkpoint) => store.createCheckpoint(checkpoint),
  });
  const [trainChild, embedChild, ingestChild] = (["train", "embed", "ingest"] as const).map((name) =>
    new ChildProcess(commandOf(name))
  );
  const neighbors = new NeighborClient(embedChild, { onBuilt: tidyIndexes });
  const projector = new ProjectionClient(embedChild, neighbors);
  const indexFiles = new FileNeighborIndexLibrary(join(dataDir, "neighbors"));
  const overview = new DatasetOverviews({
    ...{ directory: join(dataDir, "atlases"), datasets: datasetsDirectory, onKept: tidyIndexes },
  });
  const upkeep = new IndexUpkeep({ store, library: indexFiles, finder: projector, atlases: overview });
  await upkeep.start();
  const disk = new DiskUsage<DiskUse>(
    dataDir,
    useOf,
    DISK_USES,
    (error) => log.warn("the disk cannot be measured:", error),
  );
  let bytesReceived = () => 0; // until it listens
  const sources = {
    counts: () => store.counts(),
    workers: () => [trainChild, embedChild, ingestChild].map((child) => child.report),
    disk: () => disk.report(),
  };
  await disk.refresh();
  const metrics = new Metrics({ ...sources, bytesReceived: () => bytesReceived() });
  const findings = new Findings({ dataDir, env: readEnv, workers: sources.workers });
  const latencies = new ModelLatencies();
  const watch = new EmbeddingWatch(embedChild);
  const warmer = new ModelWarmer(embedChild, () => store.listAliases().map(({ checkpoint }) => checkpoint));
  const decoders = new DecoderPool(config.decodeWorkers);
  const uploads = new TusUploads({
    ...{ directory: join(dataDir, "uploads"), path: "/v1/uploads", maxBytes: config.maxUploadBytes },
    lifetimeMs: config.uploadExpiryHours * 3600_000,
  });
  await uploads.sweep();
  const library = new FileDatasetLibrary({
    directory: datasetsDirectory,
    ingester: metrics.ingester(new IngestClient(ingestChild)),
    maxUploadBytes: config.maxUploadBytes,
    importRoots: config.importRoots,
    downloader: new DownloadClient(
      downloadCommand(main, config.maxUploadBytes),
      config.importUrls,
    ),
    uploads,
  });
  const intake = new DatasetIntake({ store, library, onChanged: tidyIndexes });
  const backups = new Backups({
    ...{ dataDir, store, copyDataset },
    hold: () => {
      const releases = [retention.hold(), intake.hold()];
      return () => releases.forEach((release) => release());
    },
  });
  await backups.sweep();
  await library.sweep((id) => store.getDataset(id) !== undefined);
  const { unlisted, missing } = await compareWithDisk(store, dataDir);
  if (unlisted.length > 0) {
    log.warn(`not listed by the database, and left alone: ${unlisted.join(", ")}`);
  }
  if (missing.length > 0) log.error(`listed by the database, and not there: ${missing.join(", ")}`);
  const hub = new EventHub();
  const target = ({ config }: Work) => {
    const { planning, mixedPlanning } = trainChild.report;
    return "precision" in config && config.precision === "mixed" ? mixedPlanning ?? planning : planning;
  };
  const planner = new PlanningClient({ dataDir }, target);
  const runner = new JobRunner({
    ...{ store, hub, retention, trainer: metrics.trainer(new TrainingClient(trainChild)) },
    hasRoom: (bytes) => hasRoom(dataDir, bytes),
  });
  const turns = new Turns();
  const bodyIdleMs = 1000 * config.bodyIdleSeconds;
  const app = createApp({
    keys,
    hosts: { allowed: config.allowedHosts, fromNetwork: config.trustNetwork },
    ...{ store, library, intake, uploads, checkpoints, exporter, importer, results, retention },
    ...metrics.embeddings(
      decoders,
      new EmbeddingClient(embedChild, watch),
      (client) =>
        new EmbeddingQueue(client, {
          ...{ maxImages: config.embedQueueImages, batchImages: config.embedBatchImages },
        }),
    ),
    ...{ warmer, neighbors, turns, overview, projector },
    projections: new FileProjectionLibrary(indexFiles.directory),
    serving: {
      observe: (...answered) => latencies.observe(...answered),
      of: (checkpoint) => latencies.of(checkpoint),
      resident: () => (embedChild.report.vitals?.models ?? []).map(({ checkpoint }) => checkpoint),
    },
    estimate: (body) => estimateJob({ store, planner, target }, body),
    submit: (body, idempotencyKey) => submitFittingJob({ store, planner }, body, idempotencyKey),
    runner,
    backups,
    hub,
    encodePng,
    dashboard: dashboardFiles(join(dirname(main), "src/dashboard/dist")),
    ...{ metrics, onAnswer: metrics.onAnswer },
    system: async () => {
      const more = { provider: config.gpuProvider, settings: readSettings(readEnv) };
      return systemReport({ ...sources, ...more, findings: await findings.report() });
    },
    limits: {
      ...{ embeddingsBytes: config.maxJsonBytes, jsonBytes: 2 ** 20, bodyIdleMs },
      embeddingsLimitMs: 1000 * config.embedLimitSeconds,
      requestsPerMinute: config.rateLimit,
    },
  });
  intake.resume();
  runner.start();

  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) Deno.addSignalListener(signal, () => stop.abort());
  const server = await listen((request, env) => app.fetch(request, env), {
    hostname: config.host,
    port: config.port,
    headersMs: bodyIdleMs,
    admission: new Admission(
      config.embedQueueImages + BUSY_REQUESTS,
      (method) => metrics.onAnswer({ method, route: "none", status: 429, seconds: 0 }),
      turns,
    ),
  });
  bytesReceived = server.bytesReceived;
  log.info(`latentd listening on ${server.url}`);
  if (keys) log.info(`${keys.size} API keys are in force; ${keys.path} is read again when it changes`);
  else if (!config.trustNetwork) {
    log.info("no API keys are configured: only this machine can reach the server");
  }
  const { promise: stopped, resolve: stopNow } = Promise.withResolvers<void>();
  stop.signal.addEventListener("abort", () => stopNow(), { once: true });
  await stopped;

  log.info("latentd is stopping");
  // Both at once: a container's runtime waits 10 s by default before it kills, and a last checkpoint is worth having.
  await Promise.all([server.close(DRAIN_MS), runner.stop()]);
  intake.stop();
  watch.close();
  warmer.close();
  projector.close();
  await Promise.all([trainChild, embedChild, ingestChild].map((child) => child.close()));
  for (const each of [overview, decoders, metrics, planner, uploads, exporter, importer, store]) each.close();
  Deno.exit(0); // event streams that outlived the drain would hold the process
}
