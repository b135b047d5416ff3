import { log } from "../log/log.ts";
import type { ChildProcess } from "./child_process.ts";

/** How often an idle worker is asked for its canary, and what it may take to answer. */
const EVERY_MS = 5000, ANSWER_MS = 10_000;
/** A worker tells something once a second. One that is silent for longer is not counted on, … */
const IDLE_SILENCE_MS = 5000, BUSY_SILENCE_MS = 15_000;
/**
 * … and while it works on requests, it is killed once a GPU, or a CPU that stands in for one, can hardly still be at it.
 * Not sooner: its thread waits for the GPU and can say nothing meanwhile, and a first batch of 128 by a large encoder, whose
 * kernels must be compiled, may take most of that. Whoever asks anew is told after `BUSY_SILENCE_MS`.
 */
const HUNG_MS = { gpu: 30_000, software: 120_000 };
const LOOK_MS = 250;

export interface WatchTimes {
  everyMs: number;
  answerMs: number;
  /** How long it may be silent over requests; by itself as its adapter asks for. */
  hungMs?: number;
}

/**
 * Watches the embedding worker: while it is idle it must embed a known image now and then, as it had to before it was
 * ready. One that embeds it wrongly, or does not answer, is killed, and another is started.
 */
export class EmbeddingWatch {
  readonly #timer: ReturnType<typeof setInterval>;
  /** The child that was asked last, when it was asked and when it gave proof. */
  #pid: number | undefined;
  #provenAt = 0;
  #askedAt: number | undefined;

  constructor(
    readonly child: ChildProcess,
    readonly times: WatchTimes = { everyMs: EVERY_MS, answerMs: ANSWER_MS },
  ) {
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  /** Why the worker, which has begun, is not to be counted on; none if it is. */
  unready(): string[] {
    const { child } = this, busy = this.#busy(), reasons: string[] = [];
    if (child.silentMs > (busy ? BUSY_SILENCE_MS : IDLE_SILENCE_MS)) {
      reasons.push(`the embedding worker has said nothing for ${Math.round(child.silentMs / 1000)} s`);
    }
    // While it is busy it is not asked, and each answer is proof enough that it lives.
    const { everyMs, answerMs } = this.times, stale = performance.now() - this.#provenAt;
    if (!busy && child.pid === this.#pid && stale > everyMs + answerMs) {
      reasons.push(`the embedding worker's canary is ${Math.round(stale / 1000)} s old`);
    }
    return reasons;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #busy(): boolean {
    return this.child.pending > (this.#askedAt === undefined ? 0 : 1);
  }

  #look(): void {
    const { child, times } = this, now = performance.now();
    if (child.adapter === undefined) return;
    if (child.pid !== this.#pid) { // a new one, which proved itself before it was ready
      [this.#pid, this.#provenAt, this.#askedAt] = [child.pid, now, undefined];
    }
    const hungMs = times.hungMs ?? (child.report.adapter?.software ? HUNG_MS.software : HUNG_MS.gpu);
    const unanswered = this.#askedAt === undefined ? 0 : now - this.#askedAt;
    // Silent, too: what it was asked may stand behind a long request whose client has gone.
    const silent = !this.#busy() && unanswered > times.answerMs && child.silentMs > times.answerMs;
    if (silent || unanswered > hungMs || (this.#busy() && child.silentMs > hungMs)) {
      return this.#replace(`it has said nothing for ${Math.round(child.silentMs / 1000)} s`);
    }
    if (this.#askedAt === undefined) {
      if (this.#busy()) this.#provenAt = now;
      else if (now - this.#provenAt > times.everyMs) this.#ask(now);
    }
  }

  #ask(now: number): void {
    const pid = this.#pid;
    this.#askedAt = now;
    this.child.request({ type: "canary" }).then(
      () => {
        if (pid === this.#pid) [this.#provenAt, this.#askedAt] = [performance.now(), undefined];
      },
      (error) => {
        if (pid !== this.#pid || this.child.pid !== pid) return; // it died over it: another starts anyhow
        this.#replace((error as Error).message);
      },
    );
  }

  #replace(reason: string): void {
    log.warn(`it is killed, to be replaced: ${reason}`, undefined, { worker: this.child.command.name });
    [this.#pid, this.#askedAt] = [undefined, undefined];
    this.child.kill();
  }
}
