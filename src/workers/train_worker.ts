import type { JobKind } from "../domain/job.ts";
import type { WorkConfigs } from "../domain/work.ts";
import { serveWorker } from "../ipc/worker_loop.ts";
import type { PipelineCache } from "../gpu/pipeline.ts";
import { dropStaging } from "../gpu/staging.ts";
import { runEmbed } from "./embed_task.ts";
import { runFinetune } from "./finetune_task.ts";
import { openGpuSession, type WorkerOptions } from "./gpu_session.ts";
import { runKnn } from "./knn_task.ts";
import { runLinearProbe } from "./linear_probe_task.ts";
import { planPretrain, runPretrain } from "./pretrain_task.ts";
import type { Run } from "./run.ts";
import { Serial } from "./serial.ts";

/** How often a job says that its worker lives. */
const ALIVE_EVERY_MS = 1000;

type Result = Record<string, unknown>;
/** What jobs of each kind do; `jobs/kinds.ts` has what they are before they run. */
const RUNS: { [K in JobKind]: (config: WorkConfigs[K], run: Run) => Promise<Result> } = {
  pretrain: runPretrain,
  knn: runKnn,
  linear_probe: runLinearProbe,
  finetune: runFinetune,
  embed: runEmbed,
};
/** Kinds whose memory can be told beforehand. */
const PLANS: Partial<typeof RUNS> = { pretrain: planPretrain };
const run = <K extends JobKind>(
  { kind, config }: { kind: K; config: WorkConfigs[K] },
  run: Run,
): Promise<Result> => (run.planOnly ? PLANS : RUNS)[kind]?.(config, run) ?? Promise.resolve({});

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
      if (request.type === "plan") {
        const { dataset, work } = request, { dataDir } = options;
        const task = { job: "", dataset, fingerprint: "", resume: [], work };
        const quiet = { say: () => Promise.resolve(), planned: () => {}, planOnly: true };
        return serial.run(async () => {
          signal.throwIfAborted();
          return { result: await run(work, { pipelines, dataDir, task, signal, memoryBudget, ...quiet }) };
        });
      }
      if (request.type !== "train") {
        throw new TypeError(`Cannot serve ${request.type}: this worker trains`);
      }
      const { task } = request;
      return serial.run(async () => {
        signal.throwIfAborted();
        const timer = setInterval(() => say({ type: "alive" }), ALIVE_EVERY_MS);
        const { dataDir } = options, planned = (bytes: number) => void (plannedBytes = bytes);
        try {
          return {
            result: await run(task.work, { pipelines, dataDir, task, say, signal, memoryBudget, planned }),
          };
        } finally {
          dropStaging(pipelines.device);
          planned(0);
          clearInterval(timer);
        }
      });
    },
  });
}
