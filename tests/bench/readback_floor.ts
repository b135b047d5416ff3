import { giveStaging, KEPT_BYTES, readStaging, takeStaging } from "../../src/gpu/staging.ts";
import { median } from "./figures.ts";
import { openBench } from "./training.ts";

const BYTES = 256, ROUNDS = 25;

/** What reading a few bytes of an idle device takes, in milliseconds, in turns: as the provider has it, and as we do it. */
export async function readbackFloor(): Promise<{ provider: number; ours: number }> {
  const { device } = await openBench();
  const source = device.createBuffer({ size: BYTES, usage: GPUBufferUsage.COPY_SRC });
  const plain = device.createBuffer({
    ...{ size: KEPT_BYTES, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST },
  });
  const times = { provider: [] as number[], ours: [] as number[] };
  for (let round = -3; round < ROUNDS; round++) {
    const staging = takeStaging(device, BYTES);
    const reads = {
      provider: async () => {
        await plain.mapAsync(GPUMapMode.READ, 0, BYTES);
        plain.getMappedRange(0, BYTES);
        plain.unmap();
      },
      ours: () => readStaging(device, staging, BYTES, () => {}),
    };
    for (const [name, buffer] of [["provider", plain], ["ours", staging.buffer]] as const) {
      const encoder = device.createCommandEncoder(), start = performance.now();
      encoder.copyBufferToBuffer(source, 0, buffer, 0, BYTES);
      device.queue.submit([encoder.finish()]);
      await reads[name]();
      if (round >= 0) times[name].push(performance.now() - start);
    }
    giveStaging(device, staging);
  }
  device.destroy();
  return { provider: median(times.provider), ours: median(times.ours) };
}
