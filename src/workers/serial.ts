/** Runs tasks one at a time, in the order they came: a GPU's queue is one, and its memory is not shared out. */
export class Serial {
  #last: Promise<unknown> = Promise.resolve();

  /** @returns What `task` gives, once everything before it has ended. */
  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task);
    this.#last = result.catch(() => {});
    return result;
  }
}
