/** Tells who waits on a job that something of it has changed. The store has the events; this only wakes readers. */
export class EventHub {
  #listeners = new Map<string, Set<() => void>>();

  /** @returns What ends the subscription. */
  subscribe(job: string, listener: () => void): () => void {
    const listeners = this.#listeners.get(job) ?? new Set();
    this.#listeners.set(job, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(job) === listeners) this.#listeners.delete(job);
    };
  }

  publish(job: string): void {
    for (const listener of [...this.#listeners.get(job) ?? []]) listener();
  }
}
