import { join } from "@std/path";
import type { AdapterReport } from "../domain/measures.ts";
import { openGpu } from "../gpu/device.ts";
import { PipelineCache } from "../gpu/pipeline.ts";
import { Tuner } from "../gpu/tuner.ts";
import { fileTuningCache } from "../gpu/tuning_file.ts";
import type { GpuProvider } from "../gpu/provider.ts";

/** What a worker is started with. */
export interface WorkerOptions {
  /** DATA_DIR: datasets and checkpoints lie under it. */
  dataDir: string;
  allowSoftwareGpu: boolean;
  /** `auto`: Deno's, unless `GpuChoice` finds another for a job. */
  gpuProvider: GpuProvider | "auto";
  /** Whether kernels' tiles are chosen by what was timed on this adapter. */
  gpuTune: boolean;
  /** The most bytes of GPU memory that a job may take; 0 where that is not for the operator to say. */
  gpuMemoryBytes: number;
}
export interface GpuSession {
  pipelines: PipelineCache;
  /** The most bytes that a job may take: as set, or of a CPU adapter a share of the machine's memory; WebGPU tells none. */
  memoryBudget: number | undefined;
  adapter: string;
  /** The adapter as others are told of it. */
  report: AdapterReport;
  /** Bytes of this process's GPU buffers. */
  heldBytes(): number;
  /** Resolves with why this process is of no more use: a lost device cannot be mended from inside. */
  failed: Promise<Error>;
}

/** Of the memory that is free when a CPU adapter is opened: the rest is for the other child and for reading images. */
const SOFTWARE_SHARE = 0.8;

/**
 * Opens this process's GPU.
 *
 * @param tune.measure Whether this process times what is not known yet. One that only reads keeps to the defaults there.
 * @throws {DomainError} `unavailable` where there is no adapter that may be used.
 */
export async function openGpuSession(
  { dataDir, allowSoftwareGpu, gpuProvider, gpuTune, gpuMemoryBytes }: WorkerOptions,
  { measure }: { measure: boolean },
): Promise<GpuSession> {
  const provider = gpuProvider === "auto" ? "deno" : gpuProvider;
  const opened = await openGpu({ allowSoftware: allowSoftwareGpu, provider });
  const { device, adapter, capabilities, granted, heldBytes, failed } = opened;
  const { software, driver } = adapter;
  const tuner = gpuTune
    ? new Tuner(tunedFor(driver), fileTuningCache(join(dataDir, "gpu_tuning.json")), { measure, software })
    : undefined;
  const memoryBudget = gpuMemoryBytes ||
    (software ? Math.floor(SOFTWARE_SHARE * Deno.systemMemoryInfo().available) : undefined);
  const { maxStorageBufferBindingSize, maxBufferSize } = device.limits;
  return {
    pipelines: new PipelineCache(device, capabilities, tuner),
    memoryBudget,
    adapter: adapter.description,
    report: {
      ...{ provider, description: adapter.description, vendor: adapter.vendor },
      ...{ device: adapter.device, driver: driverOf(driver), software, ...granted },
      planning: {
        ...{ adapter: adapter.description, limits: { maxStorageBufferBindingSize, maxBufferSize } },
        ...{ capabilities: { ...capabilities }, budget: memoryBudget ?? null },
      },
    },
    heldBytes,
    failed,
  };
}

/** Where NVIDIA's kernel module tells its version; the children may read it. WebGPU tells no driver's. */
const DRIVER_VERSION_FILE = "/sys/module/nvidia/version";

/** The adapter as WebGPU describes it, and its driver's version where that is told. */
function driverOf(adapter: string): string {
  let version = "";
  try {
    version = Deno.readTextFileSync(DRIVER_VERSION_FILE).trim();
  } catch {
    // Another driver: all that is known of it is in the adapter's description.
  }
  return [adapter, version].filter(Boolean).join(", ");
}

/** What a choice of tiles holds for: the adapter, its driver, and the WebGPU that compiles for it. */
const tunedFor = (adapter: string): string => `${driverOf(adapter)}, deno ${Deno.version.deno}`;
