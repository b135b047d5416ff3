import { z } from "zod";
import { ALLOWED_HOST } from "./domain/allowed_url.ts";
import { type Level, LEVELS, type LogFormat } from "./log/log.ts";

const wholeBytes = (fallback: number) =>
  z.string().regex(/^\d{1,15}$/, "must be a whole number of bytes").transform(Number).refine((n) => n > 0, {
    error: "must be more than 0",
  }).default(fallback);
const wholeNumber = (min: number, max: number, fallback: number) =>
  z.string().regex(/^\d{1,6}$/, `must be a whole number from ${min} to ${max}`).transform(Number).refine(
    (n) => n >= min && n <= max,
    { error: `must be from ${min} to ${max}` },
  ).default(fallback);
const flag = z.enum(["0", "1", "true", "false"], { error: "must be 0, 1, true or false" })
  .transform((value) => value === "1" || value === "true").default(false);

const hostNames = z.string().default("").transform((hosts) =>
  hosts.toLowerCase().split(",").map((host) => host.trim())
)
  .transform((hosts) => hosts.filter((host) => host !== ""))
  .refine((hosts) => hosts.every((host) => ALLOWED_HOST.test(host)), {
    error:
      "must be host names such as example.org, *.example.org or example.org:8443, with commas between them",
  });

const isLoopback = (host: string) =>
  host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);

const Environment = z.object({
  HOST: z.string().regex(/^[0-9A-Za-z.:-]{1,253}$/, "must be a host name or an address").default("127.0.0.1"),
  PORT: wholeNumber(0, 65535, 8000),
  DATA_DIR: z.string().default("./data"),
  API_KEYS_FILE: z.string().default(""),
  ALLOWED_HOSTS: hostNames,
  RATE_LIMIT: wholeNumber(0, 999_999, 0),
  LOG_FORMAT: z.enum(["auto", "text", "json"], { error: "must be auto, text or json" }).default("auto"),
  LOG_LEVEL: z.enum(LEVELS, { error: `must be ${LEVELS.join(", ")}` }).default("info"),
  IMPORT_ROOTS: z.string().default("").transform((paths) => paths.split(":").filter((path) => path !== ""))
    .refine((paths) => paths.every((path) => path.startsWith("/")), {
      error: "must be absolute paths with a colon between them",
    }),
  IMPORT_URLS: hostNames,
  UPLOAD_EXPIRY_HOURS: wholeNumber(1, 8760, 24),
  MAX_UPLOAD_BYTES: wholeBytes(8 * 2 ** 30),
  MAX_JSON_BYTES: wholeBytes(32 * 2 ** 20),
  EMBED_QUEUE_IMAGES: wholeNumber(1, 100_000, 1024),
  EMBED_BATCH_IMAGES: wholeNumber(1, 128, 128),
  EMBED_LIMIT_SECONDS: wholeNumber(1, 3600, 60),
  EMBED_MEMORY_BYTES: z.string().regex(/^\d{1,15}$/, "must be a whole number of bytes").transform(Number)
    .default(0),
  BODY_IDLE_SECONDS: wholeNumber(1, 3600, 60),
  IMAGE_DECODER: z.enum(["wasm", "sharp"], { error: "must be wasm or sharp" }).default("wasm"),
  DECODE_WORKERS: wholeNumber(1, 64, 2),
  GPU_PROVIDER: z.enum(["auto", "deno", "dawn"], { error: "must be auto, deno or dawn" }).default("auto"),
  GPU_MEMORY_BYTES: z.string().regex(/^\d{1,15}$/, "must be a whole number of bytes").transform(Number)
    .default(0),
  GPU_TUNE: z.enum(["on", "off"], { error: "must be on or off" }).default("on"),
  ALLOW_SOFTWARE_GPU: flag,
  TRUST_NETWORK: flag,
});
type Key = keyof z.infer<typeof Environment>;

/** The server's settings. Byte counts are of bodies as received. */
export interface Config {
  host: string;
  /** 0 takes a free port. */
  port: number;
  dataDir: string;
  /** The file of keys, one of which each request must come with; empty: there are none. */
  apiKeysFile: string;
  /** Names that a server without keys answers to besides this machine's. */
  allowedHosts: string[];
  /** Requests a minute of each key, and images embedded; 0: no limit. */
  rateLimit: number;
  /** `auto`: text on a terminal, JSON elsewhere. */
  logFormat: LogFormat | "auto";
  logLevel: Level;
  /** Folders on the server's disk that datasets may be imported from. */
  importRoots: string[];
  /** Hosts that datasets may be fetched from. */
  importUrls: string[];
  /** What a resumable upload may take until it becomes a dataset. */
  uploadExpiryHours: number;
  maxUploadBytes: number;
  maxJsonBytes: number;
  /** Images of embeddings requests that may wait for the GPU. */
  embedQueueImages: number;
  /** Images that are embedded together at most. */
  embedBatchImages: number;
  /** What an embeddings request may take once its body is there. */
  embedLimitSeconds: number;
  /** The most that embeddings' models may hold of the GPU; 0: what suits it. */
  embedMemoryBytes: number;
  /** How long a client may be silent within a request. */
  bodyIdleSeconds: number;
  decodeWorkers: number;
  /** What decodes JPEG and WebP when a dataset is taken in. */
  imageDecoder: "wasm" | "sharp";
  gpuProvider: "auto" | "deno" | "dawn";
  /** The most that a job may take of the GPU; 0 leaves it to the GPU. */
  gpuMemoryBytes: number;
  /** Whether training times its kernels on this adapter, once, and keeps the fastest. */
  gpuTune: boolean;
  allowSoftwareGpu: boolean;
  trustNetwork: boolean;
}

/** Every environment variable that the server reads, for its documentation. */
export const CONFIG_KEYS: readonly { name: Key; default: string; meaning: string }[] = [
  { name: "HOST", default: "127.0.0.1", meaning: "address to listen on" },
  { name: "PORT", default: "8000", meaning: "port to listen on; 0 takes a free one" },
  { name: "DATA_DIR", default: "./data", meaning: "database, datasets, checkpoints" },
  {
    name: "API_KEYS_FILE",
    default: "",
    meaning: "keys that requests must come with, as `deno task keys` writes them; none: loopback only",
  },
  {
    name: "ALLOWED_HOSTS",
    default: "",
    meaning: "names that a server without keys answers to besides localhost and addresses, with commas",
  },
  {
    name: "RATE_LIMIT",
    default: "0",
    meaning: "requests a minute that each key may make, an embedded image counting as one; 0: no limit",
  },
  {
    name: "LOG_FORMAT",
    default: "auto",
    meaning: "`text`, or `json`, an object a line; by itself text on a terminal only",
  },
  {
    name: "LOG_LEVEL",
    default: "info",
    meaning: "`debug` has a line for each request; then `info`, `warn`, `error`",
  },
  {
    name: "IMPORT_ROOTS",
    default: "",
    meaning: "folders that datasets may be imported from, a colon between them; none: no import",
  },
  {
    name: "IMPORT_URLS",
    default: "",
    meaning: "hosts that datasets may be fetched from by https, with commas; none: no fetching",
  },
  {
    name: "UPLOAD_EXPIRY_HOURS",
    default: "24",
    meaning: "what a resumable upload may take until it becomes a dataset",
  },
  { name: "MAX_UPLOAD_BYTES", default: "8589934592", meaning: "largest dataset upload" },
  { name: "MAX_JSON_BYTES", default: "33554432", meaning: "largest body of an embeddings request" },
  {
    name: "EMBED_QUEUE_IMAGES",
    default: "1024",
    meaning: "decoded images of embeddings requests that may wait for the GPU; past it the answer is 429",
  },
  {
    name: "EMBED_BATCH_IMAGES",
    default: "128",
    meaning: "images that the GPU embeds together at most, of whatever requests wait",
  },
  {
    name: "EMBED_LIMIT_SECONDS",
    default: "60",
    meaning: "what an embeddings request's images may take; past it 504, and what waits is dropped",
  },
  {
    name: "EMBED_MEMORY_BYTES",
    default: "0",
    meaning: "GPU memory for models and indexes, the least recently used goes; 0: 2 GiB, of a CPU a quarter",
  },
  {
    name: "BODY_IDLE_SECONDS",
    default: "60",
    meaning: "how long a client may be silent within a request's body, and take for its headers",
  },
  {
    name: "IMAGE_DECODER",
    default: "wasm",
    meaning: "what decodes a dataset's JPEG and WebP: `wasm`, or `sharp`, native code that you install",
  },
  { name: "DECODE_WORKERS", default: "2", meaning: "threads that decode images" },
  {
    name: "GPU_PROVIDER",
    default: "auto",
    meaning: "WebGPU: `deno`'s own, `dawn` (Chromium's), or `auto`: `dawn` for `mixed` on tensor cores",
  },
  {
    name: "GPU_MEMORY_BYTES",
    default: "0",
    meaning: "the most that a job may take of the GPU; 0: what there is",
  },
  {
    name: "GPU_TUNE",
    default: "on",
    meaning: "`off` takes each kernel's default tile instead of timing them once on this adapter",
  },
  { name: "ALLOW_SOFTWARE_GPU", default: "0", meaning: "1 accepts an adapter that is a CPU" },
  {
    name: "TRUST_NETWORK",
    default: "0",
    meaning: "1 allows a HOST that is not loopback without keys: whoever reaches the server may use it",
  },
];

/** Every setting as it was given, or its default, by its name, for an operator to look at. */
export const readSettings = (env: (name: string) => string | undefined): Record<string, string> =>
  Object.fromEntries(CONFIG_KEYS.map(({ name, default: otherwise }) => [name, env(name) || otherwise]));

/**
 * Reads the settings. An empty variable counts as unset.
 *
 * @throws {Error} Listing every wrong value.
 */
export function readConfig(env: (name: string) => string | undefined): Config {
  const { data, error } = Environment.safeParse(
    Object.fromEntries(CONFIG_KEYS.map(({ name }) => [name, env(name) || undefined])),
  );
  const wrong = error?.issues.map(({ path, message }) => {
    const name = String(path[0]);
    return `${name} ${message}, got ${JSON.stringify(env(name))}`;
  }) ?? [];
  const host = data?.HOST ?? (env("HOST") || "127.0.0.1");
  const trusted = data?.TRUST_NETWORK ?? ["1", "true"].includes(env("TRUST_NETWORK") ?? "");
  const hasKeys = (env("API_KEYS_FILE") ?? "") !== "";
  if (!isLoopback(host) && !trusted && !hasKeys && !wrong.some((line) => line.startsWith("HOST "))) {
    wrong.push(
      `HOST must be loopback, because no API_KEYS_FILE is set and anyone could use the server ` +
        `(TRUST_NETWORK=1 allows it where something else keeps strangers out), got ${JSON.stringify(host)}`,
    );
  }
  if (!data || wrong.length > 0) throw new Error(`Cannot read the configuration:\n  ${wrong.join("\n  ")}`);
  return {
    host,
    port: data.PORT,
    dataDir: data.DATA_DIR,
    apiKeysFile: data.API_KEYS_FILE,
    allowedHosts: data.ALLOWED_HOSTS,
    rateLimit: data.RATE_LIMIT,
    logFormat: data.LOG_FORMAT,
    logLevel: data.LOG_LEVEL,
    importRoots: data.IMPORT_ROOTS,
    importUrls: data.IMPORT_URLS,
    uploadExpiryHours: data.UPLOAD_EXPIRY_HOURS,
    maxUploadBytes: data.MAX_UPLOAD_BYTES,
    maxJsonBytes: data.MAX_JSON_BYTES,
    embedQueueImages: data.EMBED_QUEUE_IMAGES,
    embedBatchImages: data.EMBED_BATCH_IMAGES,
    embedLimitSeconds: data.EMBED_LIMIT_SECONDS,
    embedMemoryBytes: data.EMBED_MEMORY_BYTES,
    bodyIdleSeconds: data.BODY_IDLE_SECONDS,
    imageDecoder: data.IMAGE_DECODER,
    decodeWorkers: data.DECODE_WORKERS,
    gpuProvider: data.GPU_PROVIDER,
    gpuMemoryBytes: data.GPU_MEMORY_BYTES,
    gpuTune: data.GPU_TUNE === "on",
    allowSoftwareGpu: data.ALLOW_SOFTWARE_GPU,
    trustNetwork: data.TRUST_NETWORK,
  };
}
