import { serveWorker } from "../ipc/worker_loop.ts";
import type { PipelineCache } from "../gpu/pipeline.ts";
import { openGpuSession, type WorkerOptions } from "./gpu_session.ts";
import { runKnn } from "./knn_task.ts";
import { runPretrain } from "./pretrain_task.ts";
import { Serial } from "./serial.ts";

/** How often a job says that its worker lives. */
const ALIVE_EVERY_MS = 1000;

/** The training child: runs one job after another. */
export function runTrainWorker(options: WorkerOptions): Promise<never> {
  const serial = new Serial();
  let pipelines: PipelineCache, memoryBudget: number | undefined;
  let heldBytes = () => 0, plannedBytes = 0;
  return serveWorker({
    async ready() {
      const session = await openGpuSession(options, { measure: true });
      ({ pipelines, memoryBudget, heldBytes } = session);
      return session;
    },
    vitals: () => ({ gpuHeld: heldBytes(), gpuPlanned: plannedBytes }),
    handle(request, _payload, say, signal) {
      if (request.type !== "train") {
        throw new TypeError(`Cannot serve ${request.type}: this worker trains`);
      }
      const { task } = request;
      return serial.run(async () => {
        signal.throwIfAborted();
        const timer = setInterval(() => say({ type: "alive" }), ALIVE_EVERY_MS);
        const { dataDir } = options, planned = (bytes: number) => void (plannedBytes = bytes);
        try {
          const result = task.work.kind === "pretrain"
            ? await runPretrain(
              pipelines,
              dataDir,
              task,
              task.work.config,
              say,
              signal,
              memoryBudget,
              planned,
            )
            : await runKnn(pipelines, dataDir, task, task.work.config, say, signal);
          return { result };
        } finally {
          planned(0);
          clearInterval(timer);
        }
      });
    },
  });
}
