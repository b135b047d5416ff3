import type { JobKind } from "../domain/job.ts";
import type { WorkConfigs } from "../domain/work.ts";
import { serveWorker } from "../ipc/worker_loop.ts";
import { dropStaging } from "../gpu/staging.ts";
import { runEmbed } from "./embed_task.ts";
import { runFinetune } from "./finetune_task.ts";
import { GpuChoice } from "./gpu_choice.ts";
import { openGpuSession, type WorkerOptions } from "./gpu_session.ts";
import { runKnn } from "./knn_task.ts";
import { runLinearProbe } from "./linear_probe_task.ts";
import { runPretrain } from "./pretrain_task.ts";
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
const run = <K extends JobKind>(
  { kind, config }: { kind: K; config: WorkConfigs[K] },
  run: Run,
): Promise<Result> => RUNS[kind](config, run);

/** The training child: runs one job after another. */
export function runTrainWorker(options: WorkerOptions): Promise<never> {
  const serial = new Serial();
  let choice: GpuChoice | undefined, plannedBytes = 0;
  return serveWorker({
    async ready() {
      const session = await openGpuSession(options, { measure: true });
      choice = new GpuChoice(options, session);
      return { ...session, failed: choice.failed };
    },
    vitals: () => ({ gpuHeld: choice?.heldBytes() ?? 0, gpuPlanned: plannedBytes, mixed: choice?.mixed }),
    handle(request, _payload, say, signal) {
      if (request.type !== "train") {
        throw new TypeError(`Cannot serve ${request.type}: this worker trains`);
      }
      const { task } = request;
      return serial.run(async () => {
        signal.throwIfAborted();
        say({ type: "alive" }); // from here on a death is this job's
        const timer = setInterval(() => say({ type: "alive" }), ALIVE_EVERY_MS);
        const { dataDir } = options, planned = (bytes: number) => void (plannedBytes = bytes);
        const { config } = task.work, precision = "precision" in config ? config.precision : undefined;
        const { session: { pipelines, memoryBudget }, why } = await choice!.for(precision);
        signal.throwIfAborted();
        if (why) say({ type: "message", level: "info", text: `Mixed precision is computed ${why}` });
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
