import type { AdapterReport, WorkerReport } from "../domain/measures.ts";
import type { FromWorker } from "../ipc/messages.ts";

/** What a child has told of itself, over all its lives. */
export class ChildStanding {
  #lives = 0;
  #heardAt = 0;
  #told: Pick<WorkerReport, "adapter" | "vitals"> = {};
  #planning: WorkerReport["planning"];
  #mixedPlanning: WorkerReport["planning"];

  /** A process was started. */
  born(): void {
    this.#lives++;
    this.#told = {};
  }

  /** It has said something. */
  heard(message: FromWorker): void {
    this.#heardAt = performance.now();
    if (message.type === "ready") {
      const { planning, ...adapter } = message.report ?? {};
      this.#told.adapter = message.report && adapter as AdapterReport;
      this.#planning = planning ?? this.#planning;
    } else if (message.type === "vitals") {
      this.#told.vitals = message.vitals;
      this.#mixedPlanning = message.vitals.mixed?.planning ?? this.#mixedPlanning;
    }
  }

  /** Milliseconds since it last said anything; it does once a second while its thread is free. */
  get silentMs(): number {
    return performance.now() - this.#heardAt;
  }

  report(role: string, up: boolean): WorkerReport {
    const restarts = Math.max(0, this.#lives - 1),
      planning = this.#planning,
      mixedPlanning = this.#mixedPlanning;
    return {
      ...{ role, up, restarts, ...planning && { planning }, ...mixedPlanning && { mixedPlanning } },
      ...(up ? this.#told : {}),
    };
  }
}
