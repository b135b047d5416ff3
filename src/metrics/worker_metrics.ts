import { Counter, Gauge, type Registry } from "prom-client";
import type { WorkerReport } from "../domain/measures.ts";

/** The server's children: whether they are there, how often they were replaced, and the memory that they tell of. */
export function workerMetrics(registry: Registry, workers: () => WorkerReport[]): void {
  const registers = [registry], labelNames = ["role"];
  const gauge = (name: string, help: string, of: (worker: WorkerReport) => number | undefined) =>
    new Gauge({
      ...{ name, help, registers, labelNames },
      collect() {
        this.reset();
        for (const worker of workers()) {
          const value = of(worker);
          if (value !== undefined) this.set({ role: worker.role }, value);
        }
      },
    });
  gauge("latentd_worker_up", "1 where the worker is ready.", ({ up }) => up ? 1 : 0);
  gauge("latentd_worker_resident_bytes", "The worker's resident memory.", ({ vitals }) => vitals?.resident);
  gauge(
    "latentd_worker_gpu_held_bytes",
    "GPU memory in the worker's buffers.",
    ({ vitals }) => vitals?.gpuHeld,
  );
  gauge(
    "latentd_worker_gpu_planned_bytes",
    "GPU memory that the running job was worked out to need; 0 where none runs.",
    ({ vitals }) => vitals?.gpuPlanned,
  );
  new Counter({
    ...{ name: "latentd_worker_restarts_total", registers, labelNames },
    help: "Times that the worker was started again after it had ended.",
    collect() {
      this.reset();
      for (const { role, restarts } of workers()) this.inc({ role }, restarts);
    },
  });
}
