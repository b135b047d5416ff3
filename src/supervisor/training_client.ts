import type { JobReport, Trainer, TrainingTask } from "../domain/ports.ts";
import type { ChildProcess } from "./child_process.ts";

/** The training worker as a port. */
export class TrainingClient implements Trainer {
  constructor(readonly child: ChildProcess) {}

  async run(task: TrainingTask, report: JobReport, signal: AbortSignal): Promise<Record<string, unknown>> {
    const { result } = await this.child.request(
      { type: "train", task },
      undefined,
      (reply) => {
        if (reply.type === "progress") report.progress(reply.progress, reply.metrics);
        else if (reply.type === "checkpoint") report.checkpoint(reply.checkpoint);
        else if (reply.type === "message") report.message(reply.level, reply.text);
      },
      signal,
    );
    return result;
  }
}
