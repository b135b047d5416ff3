import { setImmediate } from "node:timers";

/** Steps of requests that are taken in one turn of the event loop, at most: each is about a millisecond of work. */
const MOST = 8;
/** Where a turn has taken longer, fewer are taken in the next. Whoever asks for health waits for a turn or two. */
const TURN_MS = 8;

/**
 * Spreads what requests cost over turns of the event loop, which hands over all that came at once in one: thousands of
 * requests, or the answers to a whole batch of images. Between turns others are served.
 */
export class Turns {
  readonly #answers: (() => void)[] = [];
  readonly #begins: (() => void)[] = [];
  #most = MOST;
  #taken = 0;
  #began = 0;
  #goesOn = false;

  constructor(readonly now: () => number = () => performance.now()) {}

  /** Does `work` now, or in a later turn if this one has had its share; never out of order. */
  begin(work: () => void): void {
    this.#enter(this.#begins, work);
  }

  /** Resolves when an answer may be made: ahead of all that is still to begin, for an answer makes room. */
  answer(): Promise<void> {
    return new Promise((resolve) => this.#enter(this.#answers, resolve));
  }

  #enter(queue: (() => void)[], work: () => void): void {
    if (this.#taken >= this.#most) queue.push(work);
    else {
      this.#taken++;
      work();
    }
    if (this.#goesOn) return;
    this.#goesOn = true;
    this.#began = this.now();
    setImmediate(() => this.#nextTurn());
  }

  #nextTurn(): void {
    const now = this.now(), isLong = now - this.#began > TURN_MS;
    this.#most = isLong ? Math.max(1, this.#most >> 1) : Math.min(MOST, this.#most + 1);
    this.#began = now;
    const next = this.#answers.splice(0, this.#most);
    next.push(...this.#begins.splice(0, this.#most - next.length));
    this.#taken = next.length;
    this.#goesOn = next.length > 0;
    if (this.#goesOn) setImmediate(() => this.#nextTurn());
    else this.#most = MOST;
    for (const work of next) work();
  }
}
