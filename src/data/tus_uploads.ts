import { Server } from "@tus/server";
import { newId } from "../domain/ids.ts";
import type { UploadLibrary } from "../domain/ports.ts";
import { log } from "../log/log.ts";
import { UploadLocks } from "./upload_locks.ts";
import { UploadStore } from "./upload_store.ts";

/** How often expired uploads are looked for. */
const SWEEP_EVERY_MS = 3600_000;

/** Resumable uploads by tus 1.0 (https://tus.io/protocols/resumable-upload). */
export class TusUploads implements UploadLibrary {
  readonly #store: UploadStore;
  readonly #server: Server;
  readonly #timer: ReturnType<typeof setInterval>;

  /**
   * @param options.path Where requests come to, such as `/v1/uploads`.
   * @param options.maxBytes Of one upload.
   * @param options.lifetimeMs What an upload may take, from its creation until it becomes a dataset.
   */
  constructor(
    { directory, path, maxBytes, lifetimeMs }: {
      directory: string;
      path: string;
      maxBytes: number;
      lifetimeMs: number;
    },
  ) {
    Deno.mkdirSync(directory, { recursive: true });
    const store = this.#store = new UploadStore(directory, lifetimeMs);
    this.#server = new Server({
      ...{ path, datastore: store, maxSize: maxBytes, locker: new UploadLocks() },
      relativeLocation: true, // whatever host and scheme the client knows the server by
      namingFunction: () => newId("up"),
      async onUploadFinish(_request, { id }) {
        await store.verify(id);
        return {};
      },
    });
    this.#timer = setInterval(() => void this.sweep(), SWEEP_EVERY_MS);
  }

  handle(request: Request): Promise<Response> {
    return this.#server.handleWeb(request);
  }
  take(upload: string, to: string): Promise<number> {
    return this.#store.take(upload, to);
  }
  /** Removes what has expired. */
  async sweep(): Promise<void> {
    await this.#store.deleteExpired().catch((error) => log.error("Cannot remove expired uploads", error));
  }
  close(): void {
    clearInterval(this.#timer);
  }
}
