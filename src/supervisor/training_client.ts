import { DomainError } from "../domain/errors.ts";
import type { Planner } from "../domain/planner.ts";
import type { JobReport, Trainer, TrainingTask } from "../domain/ports.ts";
import type { Work } from "../domain/work.ts";
import { type ChildProcess, WorkerDied } from "./child_process.ts";
import { type Patience, Silence, TRAINING_PATIENCE } from "./silence.ts";

/** A window of steps takes a second. Longer, and it may as well be killed: there is nothing of the job to keep. */
const LET_GO_MS = 30_000;
/**
 * What whoever submits a job waits for its plan: 30 to 170 ms for cifar_resnet8 and resnet18, half a second for resnet50 and
 * its largest batch, and several times that the first time a worker records such a net (two cores, shared).
 */
const PLAN_MS = 2000;

/** The training worker as a port. One that hangs (a driver that blocks, a loop) is killed, and another started. */
export class TrainingClient implements Trainer, Planner {
  /** @param letGoMs What the worker is given to let go of a job that was cancelled. */
  constructor(
    readonly child: ChildProcess,
    readonly patience: Patience = TRAINING_PATIENCE,
    readonly letGoMs = LET_GO_MS,
    readonly planMs = PLAN_MS,
  ) {}

  async expectFit(dataset: string, work: Work): Promise<void> {
    if (this.child.adapter === undefined || this.child.pending > 0) return;
    const late = new AbortController(), timer = setTimeout(() => late.abort(), this.planMs);
    try {
      await this.child.request({ type: "plan", dataset, work }, undefined, undefined, late.signal);
    } catch (error) {
      if (error instanceof DomainError && error.options.type === "does_not_fit") throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** @throws {WorkerDied} Also if the worker was silent for too long. */
  async run(task: TrainingTask, report: JobReport, signal: AbortSignal): Promise<Record<string, unknown>> {
    await this.child.whenReady(signal);
    await this.child.allLetGo(); // else this job would be held responsible for the one before
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
