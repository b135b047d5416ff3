import type { CheckpointFile } from "../domain/checkpoint.ts";
import { DomainError, type Failure, fromFailure } from "../domain/errors.ts";
import type { CheckpointContents } from "./checkpoint_writer.ts";

export interface WriteRequest {
  directory: string;
  id: string;
  contents: CheckpointContents;
}
export type WriteAnswer =
  | { files: CheckpointFile[] }
  /** Without a code it is a fault of ours. */
  | { failure: Failure };

/**
 * Writes checkpoints on a thread of its own: hashing and writing gigabytes there holds up nobody, while in Deno the thread
 * that waits for a GPU can do nothing else.
 */
export class BackgroundWriter {
  #worker: Worker | undefined;
  #pending: PromiseWithResolvers<CheckpointFile[]> | undefined;

  /**
   * `writeCheckpoint`, on the thread; one at a time.
   *
   * @param contents Its tensors' memory goes over to the thread: they are empty afterwards.
   * @throws {DomainError} As `writeCheckpoint`.
   * @throws {TypeError} If the checkpoint before is not written yet.
   */
  write(directory: string, id: string, contents: CheckpointContents): Promise<CheckpointFile[]> {
    if (this.#pending) throw new TypeError(`Cannot write ${id}: another checkpoint is being written`);
    const { promise } = this.#pending = Promise.withResolvers<CheckpointFile[]>();
    const worker = this.#worker ??= this.#start();
    const tensors = [...contents.model.values(), ...contents.trainingState?.values() ?? []];
    const memory = new Set(tensors.map(({ data }) => data.buffer as ArrayBuffer));
    worker.postMessage({ directory, id, contents } satisfies WriteRequest, [...memory]);
    return promise;
  }

  /** Ends the thread. What is not written yet never appears, and its promise rejects. */
  close(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#settle()?.reject(
      new DomainError("unavailable", "Cannot write the checkpoint: the worker is stopping"),
    );
  }

  #start(): Worker {
    const url = new URL("./write_worker.ts", import.meta.url), worker = new Worker(url, { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<WriteAnswer>) => {
      const pending = this.#settle();
      if ("files" in data) pending?.resolve(data.files);
      else pending?.reject(fromFailure(data.failure));
    };
    worker.onerror = (event) => {
      event.preventDefault(); // else the error ends this process too
      this.#worker?.terminate();
      this.#worker = undefined;
      this.#settle()?.reject(new Error(`Cannot write the checkpoint: ${event.message}`));
    };
    return worker;
  }
  #settle(): PromiseWithResolvers<CheckpointFile[]> | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    return pending;
  }
}
