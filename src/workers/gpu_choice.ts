import type { MixedReport } from "../domain/measures.ts";
import { log } from "../log/log.ts";
import { type GpuSession, openGpuSession, type WorkerOptions } from "./gpu_session.ts";

/** What a job is computed on, and why, in words; `why` is nothing where there was no choice. */
export interface ChosenGpu {
  session: GpuSession;
  why?: string;
}

/** Whoever loads a module or opens a device for longer than this has hung. */
const OPEN_MS = 30_000;

/**
 * Which implementation of WebGPU computes a job. By `auto` that is Deno's own, but for jobs in mixed precision Dawn's where it
 * can be loaded and its adapter multiplies small matrices (tensor cores): it is loaded once, by the first job that asks for it.
 */
export class GpuChoice {
  #dawn: Promise<ChosenGpu> | undefined;
  #mixed: MixedReport | undefined;
  readonly #failed = Promise.withResolvers<Error>();
  readonly #sessions: GpuSession[];
  readonly #openMs: number;
  readonly #open: () => Promise<GpuSession>;

  /**
   * @param own What is open from the start: Deno's, or what the operator has named.
   * @param open As `openGpuSession`, for Dawn; it may take `openMs`.
   */
  constructor(
    readonly options: WorkerOptions,
    readonly own: GpuSession,
    { open, openMs = OPEN_MS }: { open?: () => Promise<GpuSession>; openMs?: number } = {},
  ) {
    this.#sessions = [own];
    this.#openMs = openMs;
    this.#open = open ?? (() => openGpuSession({ ...options, gpuProvider: "dawn" }, { measure: true }));
    own.failed.then(this.#failed.resolve);
  }

  /** For a job of this precision, or of none. Never rejects: what speaks against Dawn is told in words. */
  for(precision: string | undefined): Promise<ChosenGpu> {
    if (this.options.gpuProvider !== "auto" || precision !== "mixed") {
      return Promise.resolve({ session: this.own });
    }
    return this.#dawn ??= this.#choose();
  }

  /** What is told to operators of who computes in mixed precision. Undefined where there is no choice. */
  get mixed(): MixedReport | undefined {
    if (this.options.gpuProvider !== "auto") return undefined;
    return this.#mixed ??
      { why: "not chosen yet: no job has asked for mixed precision since this worker started" };
  }

  /** Bytes of this process's GPU buffers, whoever holds them. */
  heldBytes = (): number => this.#sessions.reduce((sum, session) => sum + session.heldBytes(), 0);

  /** Resolves with why this process is of no more use. */
  get failed(): Promise<Error> {
    return this.#failed.promise;
  }

  async #choose(): Promise<ChosenGpu> {
    const chosen = await this.#tryDawn().catch((error: Error): ChosenGpu => ({
      session: this.own,
      why: `by Deno's own WebGPU: Dawn is not to be had here: ${error.message}`,
    }));
    const { session, why } = chosen, { planning } = session.report;
    this.#mixed = { why: why!, ...(session !== this.own && planning && { planning }) };
    log.info(`mixed precision is computed ${why}`);
    return chosen;
  }

  async #tryDawn(): Promise<ChosenGpu> {
    const { own } = this, session = await this.#openInTime(), { report, adapter } = session;
    const [matrix] = session.pipelines.capabilities.matrices ?? [];
    const against = !matrix
      ? `${adapter} has no products of matrices by Dawn`
      : report.software && !own.report.software
      ? `Dawn finds ${adapter} alone, which is a CPU`
      : undefined;
    if (!matrix || against) {
      session.pipelines.device.destroy();
      return { session: own, why: `by Deno's own WebGPU: ${against}` };
    }
    this.#sessions.push(session);
    session.failed.then(this.#failed.resolve);
    const { M, N, K } = matrix, { memoryBudget } = own; // one budget: but one job runs at a time
    if (report.planning) report.planning.budget = memoryBudget ?? null;
    return {
      session: { ...session, memoryBudget },
      why: `by Dawn on ${adapter}, which multiplies matrices of f16, ${M} × ${N} × ${K} at once`,
    };
  }

  /** @throws {Error} If it takes too long; what comes of it later is destroyed. */
  async #openInTime(): Promise<GpuSession> {
    const opening = this.#open(), { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      reject(new Error(`opening it took more than ${this.#openMs / 1000} s`));
      opening.then(({ pipelines }) => pipelines.device.destroy()).catch(() => {});
    }, this.#openMs);
    try {
      return await Promise.race([opening, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
