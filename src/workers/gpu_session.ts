import { openGpu } from "../gpu/device.ts";
import { PipelineCache } from "../gpu/pipeline.ts";
import type { GpuProvider } from "../gpu/provider.ts";

/** What a worker is started with. */
export interface WorkerOptions {
  /** DATA_DIR: datasets and checkpoints lie under it. */
  dataDir: string;
  allowSoftwareGpu: boolean;
  gpuProvider: GpuProvider;
}
export interface GpuSession {
  pipelines: PipelineCache;
  adapter: string;
  /** Resolves with why this process is of no more use: a lost device cannot be mended from inside. */
  failed: Promise<Error>;
}

/**
 * Opens this process's GPU.
 *
 * @throws {DomainError} `unavailable` where there is no adapter that may be used.
 */
export async function openGpuSession(
  { allowSoftwareGpu, gpuProvider }: WorkerOptions,
): Promise<GpuSession> {
  const { device, adapter, capabilities, failed } = await openGpu({
    allowSoftware: allowSoftwareGpu,
    provider: gpuProvider,
  });
  return { pipelines: new PipelineCache(device, capabilities), adapter: adapter.description, failed };
}
