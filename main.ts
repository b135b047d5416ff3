/**
 * latentd's one entry point. `main.ts serve` answers HTTP and starts the three others, each a child process:
 * `main.ts train-worker` and `main.ts embed-worker` with a GPU of their own, and `main.ts ingest-worker`. Each role loads
 * what it needs and no more: what the HTTP process loads never touches a GPU.
 */
import { type Config, readConfig } from "./src/config.ts";
import { configureLog, log } from "./src/log/log.ts";

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
    await (await import("./src/server/serve.ts")).serve(config, import.meta.filename!);
    break;
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
    return readConfig((name) => Deno.env.get(name));
  } catch (error) {
    log.error((error as Error).message);
    Deno.exit(2);
  }
}
