/** A model that holds memory of the GPU. */
export interface Resident {
  /** What it holds now; it may grow while it is used. */
  readonly heldBytes: number;
  destroy(): void;
}
interface Entry<M> {
  /** Undefined until it is loaded. */
  model?: M;
  loaded: Promise<M>;
  users: number;
}

/**
 * Models that are ready to be used, as many as so many bytes hold: the one that was not used for the longest goes first,
 * and none while it is in use. One that is larger by itself is held all the same, alone.
 */
export class ResidentModels<M extends Resident> {
  /** Least recently used first: a Map keeps the order of insertion. */
  readonly #entries = new Map<string, Entry<M>>();

  /** @param load Loads a model; it is to call `makeRoom` before it takes memory, and to hand it on to what will. */
  constructor(
    readonly maxBytes: number,
    readonly load: (id: string, makeRoom: (bytes: number) => void) => Promise<M>,
  ) {}

  /** Bytes that all of them hold. */
  get heldBytes(): number {
    return [...this.#entries.values()].reduce((sum, { model }) => sum + (model?.heldBytes ?? 0), 0);
  }
  /** Those that are loaded, the one that was used last first. */
  list(): { id: string; bytes: number }[] {
    return [...this.#entries].flatMap(([id, { model }]) => model ? [{ id, bytes: model.heldBytes }] : [])
      .reverse();
  }
  has(id: string): boolean {
    return this.#entries.has(id);
  }
  /** Whether so many bytes more are within the budget, without anything going for them. */
  hasRoomFor(bytes: number): boolean {
    return this.heldBytes + bytes <= this.maxBytes;
  }

  /**
   * Uses a model, which is loaded where it is not at hand, and stays until `work` has ended at least.
   *
   * @throws What loading it, or `work`, throws.
   */
  async use<T>(id: string, work: (model: M) => Promise<T>): Promise<T> {
    const entry = this.#entries.get(id) ?? this.#enter(id);
    this.#entries.delete(id);
    this.#entries.set(id, entry);
    entry.users++;
    try {
      return await work(await entry.loaded);
    } finally {
      entry.users--;
      this.#makeRoom(0);
    }
  }

  #enter(id: string): Entry<M> {
    const loaded = this.load(id, (bytes) => this.#makeRoom(bytes)), entry: Entry<M> = { loaded, users: 0 };
    loaded.then((model) => entry.model = model, () => {
      if (this.#entries.get(id) === entry) this.#entries.delete(id);
    });
    return entry;
  }

  /** The last used stays in any case: it is the one that is to grow, or that will be asked for next. */
  #makeRoom(bytes: number): void {
    const last = [...this.#entries.keys()].at(-1);
    for (const [id, { model, users }] of this.#entries) {
      if (this.hasRoomFor(bytes)) return;
      if (users > 0 || !model || id === last) continue;
      this.#entries.delete(id);
      model.destroy();
    }
  }
}
