import { lookAtDisk } from "../doctor/data_dir.ts";
import type { Finding } from "../doctor/finding.ts";
import { lookForNvidia, lookForVulkan } from "../doctor/vulkan.ts";
import type { WorkerReport } from "../domain/measures.ts";
import type { SystemFinding } from "../domain/system.ts";

const STALE_MS = 60_000;
const SEVERITY = { good: "ok", warning: "warning", bad: "error" } as const;

/** What doctor finds that needs no GPU, looked at again when somebody asks and it is old; and how the workers are. */
export class Findings {
  #looked: { at: number; found: Promise<SystemFinding[]> } | undefined;

  constructor(
    readonly options: {
      dataDir: string;
      env: (name: string) => string | undefined;
      workers: () => WorkerReport[];
    },
  ) {}

  async report(): Promise<SystemFinding[]> {
    if (!this.#looked || performance.now() - this.#looked.at > STALE_MS) {
      this.#looked = { at: performance.now(), found: this.#look() };
    }
    return [...await this.#looked.found, ...this.options.workers().map((worker) => this.#ofWorker(worker))];
  }

  async #look(): Promise<SystemFinding[]> {
    const { dataDir, env } = this.options, nvidia = lookForNvidia(env);
    return [await lookAtDisk(dataDir), lookForVulkan(env), ...(nvidia ? [nvidia] : [])].map(toFinding);
  }

  #ofWorker({ role, up, restarts, adapter }: WorkerReport): SystemFinding {
    const check = `worker ${role}`;
    const again = restarts > 0 ? `; started again ${restarts} times` : "";
    if (!up) {
      const message = `not up yet, or cannot start${again}`;
      return { severity: "error", check, message, remedy: ["read the server's log", "run deno task doctor"] };
    }
    const isSlow = adapter?.software === true,
      on = adapter ? `on ${adapter.description}, by ${adapter.provider}` : "";
    return {
      ...{ severity: isSlow || restarts > 0 ? "warning" : "ok", check },
      message: `up${on && ` ${on}`}${isSlow ? ": a CPU" : ""}${again}`,
      remedy: [
        ...(isSlow ? ["where this machine has a GPU, install its driver: deno task doctor says which"] : []),
        ...(restarts > 0 ? ["read in the server's log why it ended"] : []),
      ],
    };
  }
}

const toFinding = ({ what, state, found, advice }: Finding): SystemFinding => ({
  ...{ severity: SEVERITY[state], check: what, message: found, remedy: advice ?? [] },
});
