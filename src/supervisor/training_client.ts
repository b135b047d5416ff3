import type { JobReport, Trainer, TrainingTask } from "../domain/ports.ts";
import { type ChildProcess, WorkerDied } from "./child_process.ts";
import { type Patience, Silence, TRAINING_PATIENCE } from "./silence.ts";

/** A window of steps takes a second. Longer, and it may as well be killed: there is nothing of the job to keep. */
const LET_GO_MS = 30_000;

/** The training worker as a port. One that hangs (a driver that blocks, a loop) is killed, and another started. */
export class TrainingClient implements Trainer {
  /** @param letGoMs What the worker is given to let go of a job that was cancelled. */
  constructor(
    readonly child: ChildProcess,
    readonly patience: Patience = TRAINING_PATIENCE,
    readonly letGoMs = LET_GO_MS,
  ) {}

  /** @throws {WorkerDied} Also if the worker was silent for too long. */
  async run(task: TrainingTask, report: JobReport, signal: AbortSignal): Promise<Record<string, unknown>> {
    for (let isFirst = true;; isFirst = false) {
      await this.child.whenReady(signal);
      await this.child.allLetGo(); // else this job would be held responsible for the one before
      const begun = { heard: false };
      try {
        return await this.#run(task, report, signal, begun);
      } catch (error) {
        // Handed to a worker whose death was not noticed yet, it never began there. Once: should the very task be what
        // kills workers before they say a word, that is the job's.
        if (begun.heard || !isFirst || !(error instanceof WorkerDied)) throw error;
      }
    }
  }

  /** The task, by the worker that is there. @param begun Told of the worker's first word. */
  async #run(
    task: TrainingTask,
    report: JobReport,
    signal: AbortSignal,
    begun: { heard: boolean },
  ): Promise<Record<string, unknown>> {
    let silentMs: number | undefined;
    const silence = new Silence(this.patience, (ms) => {
      silentMs = ms;
      this.child.kill();
    });
    report.alive(silence.boundMs);
    try {
      const { result } = await this.child.request(
        { type: "train", task },
        undefined,
        (reply) => {
          begun.heard = true;
          silence.heard(reply.type === "progress" ? reply.progress.step : undefined);
          report.alive(silence.boundMs);
          if (reply.type === "progress") report.progress(reply.progress, reply.metrics);
          else if (reply.type === "checkpoint") report.checkpoint(reply.checkpoint);
          else if (reply.type === "kept") report.kept();
          else if (reply.type === "message") report.message(reply.level, reply.text);
        },
        signal,
        this.letGoMs,
      );
      return result;
    } catch (error) {
      if (silentMs === undefined || !(error instanceof WorkerDied)) throw error;
      throw new WorkerDied(
        `The ${this.child.command.name} worker hung: it was silent for ${silentMs / 1000} s`,
      );
    } finally {
      silence.stop();
    }
  }
}
