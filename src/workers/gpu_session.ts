import { openGpu } from "../gpu/device.ts";
import { PipelineCache } from "../gpu/pipeline.ts";

/** What a worker is started with. */
export interface WorkerOptions {
  /** DATA_DIR: datasets and checkpoints lie under it. */
  dataDir: string;
  allowSoftwareGpu: boolean;
}

/**
 * Opens this process's GPU. A lost device cannot be mended from inside, so the process ends and is started again.
 *
 * @throws {DomainError} `unavailable` where there is no adapter that may be used.
 */
export async function openGpuSession(
  { allowSoftwareGpu }: WorkerOptions,
): Promise<{ pipelines: PipelineCache; adapter: string }> {
  const { device, adapter, capabilities, lost } = await openGpu({ allowSoftware: allowSoftwareGpu });
  lost.then((reason) => {
    console.error(`the GPU is lost (${reason})`);
    Deno.exit(1);
  });
  return { pipelines: new PipelineCache(device, capabilities), adapter: adapter.description };
}
