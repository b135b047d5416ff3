import { dirname, join } from "@std/path";
import { dawnFolder } from "../setup/dawn_folder.ts";
import { WEBGPU_ENV } from "../setup/webgpu_env.ts";
import type { Command } from "./child_process.ts";

/** The roles of `main.ts` that serve the server. */
export type WorkerName = "train" | "embed" | "ingest";

/** What of the server's settings its workers need. */
interface WorkerSettings {
  gpuProvider: string;
  gpuMemoryBytes: number;
  embedMemoryBytes: number;
  gpuTune: boolean;
  allowSoftwareGpu: boolean;
  imageDecoder: string;
  decodeWorkers: number;
  importRoots: string[];
  logLevel: string;
}

/** How every child is run: it asks nobody, and loads no module from elsewhere, which Deno else allows of a few hosts. */
const RUN = ["run", "--quiet", "--no-prompt", "--frozen", "--no-remote"];
/**
 * A child inherits what this process may not even read. OTEL_* is not for it: its spans and lines would leave past the
 * permissions that keep it from the network, and the lines twice, since this process tells them too.
 */
const NOT_INHERITED = { OTEL_DENO: "false" };
/** Whoever asks whether the server is well, or for an embedding, goes before work that takes hours. */
const NICE = { train: 10, embed: 5, ingest: 10 };

/**
 * How a worker role of `main` is started, with no more permissions than it needs: no network, no other program.
 *
 * @param options `decoders` and `sharp`: the folders that decoding reads, without and with sharp.
 */
export function workerCommand(
  name: WorkerName,
  { main, config, dataDir, decoders, sharp, runtimeDirectory }: {
    main: string;
    config: WorkerSettings;
    dataDir: string;
    decoders: string[];
    sharp: string[];
    runtimeDirectory: string;
  },
): Command {
  // Embeddings are computed in f32, which has no use for Dawn.
  const provider = config.gpuProvider === "auto" && name !== "train" ? "deno" : config.gpuProvider;
  const isSharp = name === "ingest" && config.imageDecoder === "sharp",
    isDawn = name !== "ingest" && provider !== "deno";
  const dawn = isDawn ? dawnFolder() : undefined;
  const own = name === "ingest"
    ? [...decoders, ...(isSharp ? sharp : []), ...config.importRoots]
    : ["/sys/module/nvidia/version"];
  const readable = [dirname(main), dataDir, ...own];
  const env = {
    DATA_DIR: dataDir,
    LOG_FORMAT: "json", // the server writes it as its own lines are
    LOG_LEVEL: config.logLevel,
    GPU_PROVIDER: provider,
    GPU_MEMORY_BYTES: String(config.gpuMemoryBytes),
    EMBED_MEMORY_BYTES: String(config.embedMemoryBytes),
    IMAGE_DECODER: config.imageDecoder,
    DECODE_WORKERS: String(config.decodeWorkers),
    GPU_TUNE: config.gpuTune ? "on" : "off",
    ALLOW_SOFTWARE_GPU: config.allowSoftwareGpu ? "1" : "0",
    XDG_RUNTIME_DIR: runtimeDirectory,
  };
  const writable = {
    ...{ train: dataDir, ingest: join(dataDir, "datasets") },
    embed: join(dataDir, "neighbors"), // a dataset's embeddings, which it searches
  };
  return {
    name,
    ...{ program: Deno.execPath(), nice: NICE[name] },
    args: [
      ...[...RUN, "--v8-flags=--expose-gc"], // src/gpu/submit.ts says why
      `--allow-read=${readable.join()}`,
      `--allow-write=${writable[name]}`,
      ...(isSharp ? ["--allow-ffi"] : []),
      ...(isDawn && dawn ? [`--allow-ffi=${dawn}`] : []),
      ...(name === "ingest" ? [] : ["--allow-sys=systemMemoryInfo"]), // what a CPU adapter may take
      ...[`--allow-env=${Object.keys(env).join()}`, "--ignore-env", main, `${name}-worker`],
    ],
    env: { ...env, ...NOT_INHERITED, ...(name === "ingest" ? {} : WEBGPU_ENV) },
  };
}

/** How one URL is fetched: by a process that may reach the network, and read nothing but this program. */
export const downloadCommand = (main: string, maxBytes: number) => (url: string) => ({
  program: Deno.execPath(),
  args: [
    ...[...RUN, "--allow-net", "--ignore-env"], // any address: which ones a name has is for it to find out
    ...[`--allow-read=${dirname(main)}`, main, "download", url, String(maxBytes)],
  ],
  env: NOT_INHERITED,
});

/** How a file is copied: by a process that may read the one, and write the other. */
export const copyCommand = (main: string, from: string, to: string) => ({
  program: Deno.execPath(),
  args: [
    ...[...RUN, "--ignore-env", `--allow-read=${dirname(main)},${from},${to}`, `--allow-write=${to}`],
    ...[main, "copy", from, to],
  ],
  env: NOT_INHERITED,
});
