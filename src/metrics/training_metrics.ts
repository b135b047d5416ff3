import { JOB_KINDS } from "../domain/job.ts";
import { Counter, Gauge, type Registry } from "prom-client";
import type { Trainer } from "../domain/ports.ts";

/** A job's figures that have a series, by the names that its rows of metrics have. */
const FIGURES: Record<string, [name: string, help: string]> = {
  loss: ["latentd_training_loss", "Loss of the running job, the mean of its last report."],
  loss_scale: ["latentd_training_loss_scale", "Loss scale of the running job; mixed precision only."],
  skipped_steps: [
    "latentd_training_skipped_steps",
    "Steps that the running job has skipped for their gradients; mixed precision only.",
  ],
  gradient_norm: ["latentd_training_gradient_norm", "Norm of the running job's gradient."],
};

/** What is measured of the job that runs; its series are gone when it has ended. @returns A trainer that does as `trainer`. */
export function trainingMetrics(registry: Registry, trainer: Trainer): Trainer {
  const registers = [registry], labelNames = ["kind"];
  const gauge = (name: string, help: string) => new Gauge({ name, help, labelNames, registers });
  const step = gauge("latentd_training_step", "Steps that the running job has made.");
  const total = gauge("latentd_training_planned_steps", "Steps that the running job is to make.");
  const rate = gauge("latentd_training_images_per_second", "Images a second of the running job.");
  const stepTime = gauge(
    "latentd_training_step_duration_seconds",
    "Time of a step of the running job, the mean since its last report.",
  );
  const figures = Object.entries(FIGURES).map(([key, [name, help]]) => ({ key, gauge: gauge(name, help) }));
  const steps = new Counter({
    ...{ name: "latentd_training_steps_total", help: "Steps made by all jobs.", labelNames, registers },
  });
  const checkpoints = new Counter({
    ...{ name: "latentd_training_checkpoints_total", help: "Checkpoints kept by all jobs.", registers },
  });
  for (const kind of JOB_KINDS) steps.inc({ kind }, 0);

  return {
    async run(task, report, signal) {
      const { kind } = task.work;
      let last: { step: number; at: number } | undefined;
      try {
        return await trainer.run(task, {
          ...report,
          message: (...told) => report.message(...told),
          checkpoint(checkpoint) {
            checkpoints.inc();
            report.checkpoint(checkpoint);
          },
          progress(progress, metrics) {
            const at = performance.now();
            const made = last ? progress.step - last.step : 0; // the first may stand where an earlier run did
            if (last && made > 0) {
              steps.inc({ kind }, made);
              stepTime.set({ kind }, (at - last.at) / 1000 / made);
            }
            last = { step: progress.step, at };
            step.set({ kind }, progress.step);
            total.set({ kind }, progress.total_steps);
            rate.set({ kind }, progress.images_per_s);
            for (const { key, gauge } of figures) {
              if (Number.isFinite(metrics[key])) gauge.set({ kind }, metrics[key]);
            }
            report.progress(progress, metrics);
          },
        }, signal);
      } finally {
        for (const gauge of [step, total, rate, stepTime, ...figures.map((one) => one.gauge)]) gauge.reset();
      }
    },
  };
}
