import { log } from "../log/log.ts";
import { type GpuSession, openGpuSession, type WorkerOptions } from "./gpu_session.ts";

/** What a job is computed on, and why, in words; `why` is nothing where there was no choice. */
export interface ChosenGpu {
  session: GpuSession;
  why?: string;
}

/**
 * Which implementation of WebGPU computes a job. By `auto` that is Deno's own, but for jobs in mixed precision Dawn's where it
 * can be loaded and its adapter multiplies small matrices (tensor cores): it is loaded once, by the first job that asks for it.
 */
export class GpuChoice {
  #dawn: Promise<ChosenGpu> | undefined;
  #why: string | undefined;
  readonly #failed = Promise.withResolvers<Error>();
  readonly #sessions: GpuSession[];

  /**
   * @param own What is open from the start: Deno's, or what the operator has named.
   * @param open As `openGpuSession`, for Dawn.
   */
  constructor(
    readonly options: WorkerOptions,
    readonly own: GpuSession,
    readonly open: () => Promise<GpuSession> = () =>
      openGpuSession({ ...options, gpuProvider: "dawn" }, { measure: true }),
  ) {
    this.#sessions = [own];
    own.failed.then(this.#failed.resolve);
  }

  /** For a job of this precision, or of none. Never throws: what speaks against Dawn is told in words. */
  for(precision: string | undefined): Promise<ChosenGpu> {
    if (this.options.gpuProvider !== "auto" || precision !== "mixed") {
      return Promise.resolve({ session: this.own });
    }
    return this.#dawn ??= this.#openDawn();
  }

  /** Who computes in mixed precision, and why: what is told of it to operators. Undefined where there is no choice. */
  get mixed(): string | undefined {
    if (this.options.gpuProvider !== "auto") return undefined;
    return this.#why ?? "not chosen yet: no job has asked for mixed precision since this worker started";
  }

  /** Bytes of this process's GPU buffers, whoever holds them. */
  heldBytes = (): number => this.#sessions.reduce((sum, session) => sum + session.heldBytes(), 0);

  /** Resolves with why this process is of no more use. */
  get failed(): Promise<Error> {
    return this.#failed.promise;
  }

  async #openDawn(): Promise<ChosenGpu> {
    const chosen = await this.open().then((session): ChosenGpu => {
      const [matrix] = session.pipelines.capabilities.matrices ?? [];
      if (!matrix) {
        session.pipelines.device.destroy();
        return {
          session: this.own,
          why: `by Deno's own WebGPU: ${session.adapter} has no products of matrices by Dawn`,
        };
      }
      this.#sessions.push(session);
      session.failed.then(this.#failed.resolve);
      const { M, N, K } = matrix;
      return {
        session,
        why: `by Dawn on ${session.adapter}, which multiplies matrices of f16, ${M} × ${N} × ${K} at once`,
      };
    }).catch((error: Error): ChosenGpu => ({
      session: this.own,
      why: `by Deno's own WebGPU: Dawn is not to be had here: ${error.message}`,
    }));
    this.#why = chosen.why;
    log.info(`mixed precision is computed ${chosen.why}`);
    return chosen;
  }
}
