/** Images of an atlas, thumbnails in its row, and a thumbnail's side in px, as the server lays them out. */
export interface AtlasLayout {
  perAtlas: number;
  columns: number;
  px: number;
}
interface Entry {
  users: number;
  url?: string;
  failed?: boolean;
  loading?: AbortController;
  listeners: Set<() => void>;
}

/** Atlases that are kept though nobody shows them: each is 16 MiB of pixels. */
const KEPT = 8;
/** How long one has to be on the screen until it is asked for: not while somebody scrolls past. */
const SETTLED_MS = 90;

/** Atlases by number: loaded when they are shown, dropped when nobody does. */
export class AtlasCache {
  readonly #entries = new Map<number, Entry>();

  /** @param load Fetches one; @returns its URL. */
  constructor(
    readonly load: (n: number, signal: AbortSignal) => Promise<string>,
    readonly drop: (url: string) => void = (url) => URL.revokeObjectURL(url),
  ) {}

  /** Shows one from now on, until what is returned is called. @param listener Called when it is there, or has failed. */
  use(n: number, listener: () => void): () => void {
    const entry = this.#entries.get(n) ?? { users: 0, listeners: new Set() };
    this.#entries.delete(n);
    this.#entries.set(n, entry); // the last used is the last
    entry.users++;
    entry.listeners.add(listener);
    if (!entry.url && !entry.loading) void this.#fill(n, entry);
    return () => {
      entry.users--;
      entry.listeners.delete(listener);
      if (entry.users === 0) entry.loading?.abort();
      this.#tidy();
    };
  }

  urlOf = (n: number): string | undefined => this.#entries.get(n)?.url;
  hasFailed = (n: number): boolean => this.#entries.get(n)?.failed ?? false;

  /** Drops all: its dataset is another one by now, or nobody looks. */
  clear(): void {
    for (const { url, loading } of this.#entries.values()) {
      loading?.abort();
      if (url) this.drop(url);
    }
    this.#entries.clear();
  }

  async #fill(n: number, entry: Entry): Promise<void> {
    const loading = entry.loading = new AbortController(), { signal } = loading;
    try {
      await new Promise((resolve) => setTimeout(resolve, SETTLED_MS));
      signal.throwIfAborted();
      const url = await this.load(n, signal);
      if (signal.aborted) return this.drop(url);
      Object.assign(entry, { url, failed: false });
    } catch {
      if (!signal.aborted) entry.failed = true; // shown image by image instead
    } finally {
      if (entry.loading === loading) entry.loading = undefined;
    }
    // Whoever came while it was being given up is still without.
    if (signal.aborted && entry.users > 0 && !entry.loading && !entry.url) return this.#fill(n, entry);
    for (const listener of entry.listeners) listener();
  }

  #tidy(): void {
    for (const [n, { users, url }] of this.#entries) {
      if (this.#entries.size <= KEPT) break;
      if (users > 0) continue;
      this.#entries.delete(n);
      if (url) this.drop(url);
    }
  }
}
