import { serveWorker } from "../ipc/worker_loop.ts";
import type { PipelineCache } from "../gpu/pipeline.ts";
import { openGpuSession, type WorkerOptions } from "./gpu_session.ts";
import { runKnn } from "./knn_task.ts";
import { runPretrain } from "./pretrain_task.ts";
import { Serial } from "./serial.ts";

/** The training child: runs one job after another. */
export function runTrainWorker(options: WorkerOptions): Promise<never> {
  const serial = new Serial();
  let pipelines: PipelineCache, memoryBudget: number | undefined;
  return serveWorker({
    async ready() {
      const session = await openGpuSession(options, { measure: true });
      ({ pipelines, memoryBudget } = session);
      return session;
    },
    handle(request, _payload, say, signal) {
      if (request.type !== "train") {
        throw new TypeError(`Cannot serve ${request.type}: this worker trains`);
      }
      const { task } = request;
      return serial.run(async () => {
        signal.throwIfAborted();
        const result = task.work.kind === "pretrain"
          ? await runPretrain(pipelines, options.dataDir, task, task.work.config, say, signal, memoryBudget)
          : await runKnn(pipelines, options.dataDir, task, task.work.config, say, signal);
        return { result };
      });
    },
  });
}
