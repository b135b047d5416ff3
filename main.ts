/**
 * latentd's one entry point and composition root. `main.ts serve` answers HTTP and starts the three others, each a child
 * process: `main.ts train-worker` and `main.ts embed-worker` with a GPU of their own, and `main.ts ingest-worker`.
 */
import { join, resolve } from "@std/path";
import { Admission } from "./src/api/admission.ts";
import { createApp } from "./src/api/app.ts";
import { listen } from "./src/api/listen.ts";
import { Backups, DATABASE } from "./src/backup/backups.ts";
import { compareWithDisk } from "./src/backup/compare_with_disk.ts";
import { FileCheckpointLibrary, sweepUnfinished } from "./src/checkpoint/checkpoint_reader.ts";
import { type Config, readConfig, readSettings } from "./src/config.ts";
import { copyDataset } from "./src/data/dataset_copy.ts";
import { decoderFolders, sharpFolders } from "./src/data/decoder_folders.ts";
import { DecoderPool } from "./src/data/decoder_pool.ts";
import type { Store } from "./src/domain/ports.ts";
import { FileDatasetLibrary } from "./src/data/dataset_library.ts";
import { encodePng } from "./src/data/encode_png.ts";
import { FileNeighborIndexLibrary } from "./src/data/neighbor_index.ts";
import { TusUploads } from "./src/data/tus_uploads.ts";
import { DISK_USES, type DiskUse } from "./src/domain/measures.ts";
import { FileCheckpointExporter } from "./src/export/exporter.ts";
import { DiskUsage } from "./src/files/disk_usage.ts";
import { hasRoom } from "./src/files/room.ts";
import { DatasetIntake } from "./src/jobs/dataset_intake.ts";
import { FileCheckpointImporter, sweepImports } from "./src/import/importer.ts";
import { EventHub } from "./src/jobs/event_hub.ts";
import { IndexUpkeep } from "./src/jobs/index_upkeep.ts";
import { JobRunner } from "./src/jobs/job_runner.ts";
import { CheckpointRetention } from "./src/jobs/retention.ts";
import { submitFittingJob } from "./src/jobs/submit.ts";
import { FileKeyRing } from "./src/keys/key_ring.ts";
import { configureLog, log } from "./src/log/log.ts";
import { Metrics } from "./src/metrics/metrics.ts";
import { systemReport } from "./src/metrics/system_report.ts";
import { FileResultLibrary } from "./src/results/result_library.ts";
import { openSqliteStore } from "./src/store/sqlite_store.ts";
import { ChildProcess, type Command } from "./src/supervisor/child_process.ts";
import { copyCommand, downloadCommand, workerCommand, type WorkerName } from "./src/supervisor/commands.ts";
import { DownloadClient } from "./src/supervisor/download_client.ts";
import { EmbeddingClient } from "./src/supervisor/embedding_client.ts";
import { EmbeddingQueue } from "./src/supervisor/embedding_queue.ts";
import { EmbeddingWatch } from "./src/supervisor/embedding_watch.ts";
import { copyByChild } from "./src/supervisor/file_copier.ts";
import { IngestClient } from "./src/supervisor/ingest_client.ts";
import { ModelWarmer } from "./src/supervisor/model_warmer.ts";
import { NeighborClient } from "./src/supervisor/neighbor_client.ts";
import { startFailure } from "./src/supervisor/start_failure.ts";
import { TrainingClient } from "./src/supervisor/training_client.ts";

/** Requests that may be at work besides those of the images that wait: two batches of 128 are embedded, others decoded. */
const BUSY_REQUESTS = 512;
/** What requests under way are given to end before the server goes without them. */
const DRAIN_MS = 10_000;

const readEnv = (name: string): string | undefined => Deno.env.get(name);

/** What an entry of DATA_DIR is there for. */
const useOf = (name: string): DiskUse =>
  DISK_USES.find((use) => use === name) ?? (name.startsWith("latentd.sqlite") ? "database" : "other");

const datasetsIn = (dataDir: string): string => join(dataDir, "datasets");

/** How a worker role of this file is started. */
const commandOf = (name: WorkerName, config: Config, dataDir: string): Command =>
  workerCommand(name, {
    ...{ main: import.meta.filename!, config, dataDir, decoders: decoderFolders(), sharp: sharpFolders() },
    runtimeDirectory: readEnv("XDG_RUNTIME_DIR") ?? "/tmp", // Vulkan's loader complains without one
  });

/** Ends the process if the one that is to ingest cannot load sharp; this one must not try, it has no right to native code. */
async function requireSharp(config: Config, dataDir: string): Promise<void> {
  const failure = await startFailure(commandOf("ingest", config, dataDir));
  if (failure === undefined) return;
  const accepted = "must be wasm, or sharp where it can be loaded";
  log.error(`Cannot start: IMAGE_DECODER ${accepted}, got "${config.imageDecoder}": ${failure}`);
  Deno.exit(2);
}

/** The keys of the file that is named, if one is; ends the process if it cannot be read. */
function openKeys(path: string): FileKeyRing | undefined {
  if (path === "") return undefined;
  try {
    return new FileKeyRing(resolve(path), log.warn);
  } catch (error) {
    log.error((error as Error).message);
    Deno.exit(2);
  }
}

/** Ends the process, in a line, where another server has the store, or a newer version made it. */
function openStoreOrExit(path: string): Store {
  try {
    return openSqliteStore(
      path,
      undefined,
      (from, to) => copyByChild(copyCommand(import.meta.filename!, from, to)),
    );
  } catch (error) {
    log.error(`Cannot start: DATA_DIR cannot be used: ${(error as Error).message}`);
    Deno.exit(2);
  }
}

/** Wires the rooms, listens, and returns when SIGTERM or SIGINT has been answered with an orderly end. */
async function serve(config: Config): Promise<void> {
  const dataDir = resolve(config.dataDir), keys = openKeys(config.apiKeysFile);
  if (config.imageDecoder === "sharp") await requireSharp(config, dataDir);
  await Deno.mkdir(dataDir, { recursive: true });
  // First of all: whoever holds the store has DATA_DIR, and what another server is writing must not be swept.
  const store = openStoreOrExit(join(dataDir, DATABASE));
  await Deno.mkdir(datasetsIn(dataDir), { recursive: true });
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
    new ChildProcess(commandOf(name, config, dataDir))
  );
  const neighbors = new NeighborClient(embedChild, { onBuilt: tidyIndexes });
  const indexFiles = new FileNeighborIndexLibrary(join(dataDir, "neighbors"));
  const upkeep = new IndexUpkeep({ store, library: indexFiles, finder: neighbors });
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
  const watch = new EmbeddingWatch(embedChild);
  const warmer = new ModelWarmer(embedChild, () => store.listAliases().map(({ checkpoint }) => checkpoint));
  const decoders = new DecoderPool(config.decodeWorkers);
  const uploads = new TusUploads({
    ...{ directory: join(dataDir, "uploads"), path: "/v1/uploads", maxBytes: config.maxUploadBytes },
    lifetimeMs: config.uploadExpiryHours * 3600_000,
  });
  await uploads.sweep();
  const library = new FileDatasetLibrary({
    directory: datasetsIn(dataDir),
    ingester: metrics.ingester(new IngestClient(ingestChild)),
    maxUploadBytes: config.maxUploadBytes,
    importRoots: config.importRoots,
    downloader: new DownloadClient(
      downloadCommand(import.meta.filename!, config.maxUploadBytes),
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
  const planner = new TrainingClient(trainChild);
  const runner = new JobRunner({
    ...{ store, hub, retention, trainer: metrics.trainer(planner) },
    hasRoom: (bytes) => hasRoom(dataDir, bytes),
  });
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
    ...{ warmer, neighbors },
    submit: (body, idempotencyKey) => submitFittingJob({ store, planner }, body, idempotencyKey),
    runner,
    backups,
    hub,
    encodePng,
    ...{ metrics, onAnswer: metrics.onAnswer },
    system: () => systemReport({ ...sources, provider: config.gpuProvider, settings: readSettings(readEnv) }),
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
  await Promise.all([trainChild, embedChild, ingestChild].map((child) => child.close()));
  for (const each of [decoders, metrics, uploads, exporter, importer, store]) each.close();
  Deno.exit(0); // event streams that outlived the drain would hold the process
}

const [role] = Deno.args;
const config = readConfigOrExit();
configureLog({
  format: config.logFormat === "auto" ? Deno.stdout.isTerminal() ? "text" : "json" : config.logFormat,
  level: config.logLevel,
});
const { dataDir, allowSoftwareGpu, gpuProvider, gpuTune, gpuMemoryBytes } = config;
const workerOptions = { dataDir, allowSoftwareGpu, gpuProvider, gpuTune, gpuMemoryBytes };
switch (role) {
  case "serve":
    await serve(config);
    break;
  // Loaded only here: what the HTTP process loads never touches a GPU.
  case "train-worker":
    await (await import("./src/workers/train_worker.ts")).runTrainWorker(workerOptions);
    break;
  case "embed-worker":
    await (await import("./src/workers/embed_worker.ts")).runEmbedWorker({
      ...workerOptions,
      embedMemoryBytes: config.embedMemoryBytes,
    });
    break;
  case "ingest-worker":
    await (await import("./src/workers/ingest_worker.ts")).runIngestWorker(config);
    break;
  case "download":
    await (await import("./src/workers/download.ts")).runDownload(Deno.args[1], Number(Deno.args[2]));
    break;
  case "copy":
    await (await import("./src/workers/copy_file.ts")).runCopy(Deno.args[1], Deno.args[2]);
    break;
  default:
    log.error(
      `usage: main.ts serve | train-worker | embed-worker | ingest-worker, got ${JSON.stringify(role ?? "")}`,
    );
    Deno.exit(2);
}

function readConfigOrExit(): Config {
  try {
    return readConfig(readEnv);
  } catch (error) {
    log.error((error as Error).message);
    Deno.exit(2);
  }
}
