import { ERRORS, type Lock, type Locker } from "@tus/server";

/** How long a request waits for the one before it to let go. */
const PATIENCE_MS = 10_000;

interface Holder {
  release(): void | Promise<void>;
  next: PromiseWithResolvers<void>;
}

/**
 * One request at a time for each upload. The one that has it is asked to let go, for its client may be gone and back:
 * tus's server then ends it after some seconds, with what it has written.
 */
export class UploadLocks implements Locker {
  readonly #held = new Map<string, Holder>();
  constructor(readonly patienceMs = PATIENCE_MS) {}

  newLock(id: string): Lock {
    const held = this.#held;
    return {
      lock: async (signal, release) => {
        const late = Promise.withResolvers<"late">(), giveUp = () => late.resolve("late");
        const timer = setTimeout(giveUp, this.patienceMs);
        signal.addEventListener("abort", giveUp);
        try {
          for (let holder; (holder = held.get(id));) {
            await holder.release();
            if (await Promise.race([holder.next.promise, late.promise]) === "late") {
              throw ERRORS.ERR_LOCK_TIMEOUT;
            }
          }
          held.set(id, { release, next: Promise.withResolvers() });
        } finally {
          clearTimeout(timer);
          signal.removeEventListener("abort", giveUp);
        }
      },
      unlock: () => {
        const holder = held.get(id);
        held.delete(id);
        holder?.next.resolve();
        return Promise.resolve();
      },
    };
  }
}
