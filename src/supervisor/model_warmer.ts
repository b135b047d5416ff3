import { log } from "../log/log.ts";
import type { ChildProcess } from "./child_process.ts";

const LOOK_MS = 100;

/**
 * Has the embedding worker make models ready before anybody waits for them: whenever one starts, those that
 * have names, and those that its predecessor held, used last first; later, what gets a name.
 */
export class ModelWarmer {
  readonly #timer: ReturnType<typeof setInterval>;
  /** The child that was told what to make ready, and what of it is still to come. */
  #pid: number | undefined;
  #left = 0;
  /** What the child has last told that it holds. */
  #held: string[] = [];
  /** Over which a child has died: the next one is not to die of them too before it is of any use. */
  readonly #deadly = new Set<string>();

  /** @param named The checkpoints that have names. */
  constructor(readonly child: ChildProcess, readonly named: () => string[]) {
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  /** What a worker that has begun is still to make ready, in words; none if there is nothing. */
  warming(): string[] {
    this.#look();
    return this.#left === 0 ? [] : [`${this.#left} models are still to be made ready`];
  }

  /** Has a model made ready, in its own time. What fails shows itself to whoever needs the model. */
  async warm(checkpoint: string): Promise<void> {
    const { child, child: { pid } } = this;
    try {
      if (child.adapter !== undefined) await child.request({ type: "warm", checkpoint });
    } catch (error) {
      if (child.isClosed) return;
      if (child.pid !== pid) this.#deadly.add(checkpoint);
      log.warn(`${checkpoint} cannot be made ready: ${(error as Error).message}`, undefined, { checkpoint });
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const { child } = this, { models } = child.report.vitals ?? {};
    if (child.adapter === undefined) return;
    if (child.pid !== this.#pid) {
      this.#pid = child.pid;
      this.#warmAll(
        child.pid,
        // Named ones first: what is made ready takes no other's room, and the server is ready with these.
        [...new Set([...this.named(), ...this.#held])].filter((one) => !this.#deadly.has(one)),
      );
    } else if (this.#left === 0 && models) this.#held = models.map(({ checkpoint }) => checkpoint);
  }

  async #warmAll(pid: number | undefined, checkpoints: string[]): Promise<void> {
    this.#left = checkpoints.length;
    for (const checkpoint of checkpoints) {
      await this.warm(checkpoint);
      if (this.#pid !== pid) return; // it has ended, and another was told
      this.#left--;
    }
  }
}
