import { assertEquals } from "@std/assert";
import { QUEUE_SLOTS, recordEmbeddingQueue } from "../../src/byol/embedding_queue.ts";
import { readFloats } from "../../src/gpu/readback.ts";
import { Recorder } from "../../src/gpu/recorder.ts";
import { StepParams } from "../../src/gpu/step_params.ts";
import { gpu, noise, pipelines, stored, testInEachType, upload } from "./oracle.ts";

for (const [N, dim, replays] of [[1, 1, 3], [3, 5, 2], [200, 65, 4], [512, 3, 2], [700, 7, 2]]) {
  testInEachType(
    `the queue holds the last embeddings of view 1, ${N}x${dim} ${replays} times`,
    async (elem) => {
      const step = new StepParams(gpu.device), recorder = new Recorder(gpu.capabilities);
      const x = stored(noise([2 * N, dim], 1), elem);
      const queue = recordEmbeddingQueue(recorder, upload(x, "embedding", elem), step.tensor);
      const plan = await recorder.compile(pipelines);
      for (const { size, it } of plan.buffers.map((it) => ({ size: it.size, it }))) {
        gpu.device.queue.writeBuffer(it, 0, new Float32Array(size / 4).fill(-77));
      }
      const expected = new Float64Array(QUEUE_SLOTS * dim).fill(-77);
      for (let r = 0, at = 0; r < replays; r++, at += N) {
        step.write({ lr: 0, slot: 0, tau: 1, queueRow: at % QUEUE_SLOTS });
        plan.replay();
        for (let n = 0; n < N; n++) {
          expected.set(x.data.subarray(n * dim, (n + 1) * dim), ((at + n) % QUEUE_SLOTS) * dim);
        }
      }
      assertEquals(Float64Array.from(await readFloats(gpu.device, queue)), expected);
      plan.destroy();
      step.destroy();
    },
  );
}
