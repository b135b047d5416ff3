import { join } from "@std/path";
import { spool } from "../data/spool.ts";
import type { Checkpoint, CheckpointFile } from "../domain/checkpoint.ts";
import type { CheckpointImporter, ImportOptions } from "../domain/checkpoint_import.ts";
import { DomainError, type Failure, fromFailure } from "../domain/errors.ts";
import { isId, newId } from "../domain/ids.ts";
import { removeTree } from "../files/durable.ts";
import { namesIn } from "../files/look.ts";
import { refusePickles } from "./pickles.ts";

export interface ImportTask {
  /** Where checkpoints lie. */
  directory: string;
  /** Of the checkpoint to make. */
  id: string;
  /** Where the upload lies. */
  path: string;
  options: ImportOptions;
}
export interface ImportedModel {
  arch: string;
  px: number;
  files: CheckpointFile[];
}
export type ImportAnswer = { made: ImportedModel } | { failure: Failure };

const uploadOf = (directory: string, id: string): string => join(directory, `.${id}.upload`);
const stopping = () => new DomainError("unavailable", "Cannot import the checkpoint: the server is stopping");

/**
 * Makes checkpoints of uploads, under one directory. An upload goes to the disk as it comes; it is read, and the checkpoint
 * written, on a thread, one at a time, for the model is in memory then.
 */
export class FileCheckpointImporter implements CheckpointImporter {
  readonly #directory: string;
  readonly #maxBytes: number;
  readonly #list: (checkpoint: Checkpoint) => void;
  #before: Promise<unknown> = Promise.resolve();
  readonly #stop = new AbortController();

  /** @param options.maxBytes Of an upload. @param options.list Lists a checkpoint; durable when it returns. */
  constructor(
    { directory, maxBytes, list }: {
      directory: string;
      maxBytes: number;
      list(checkpoint: Checkpoint): void;
    },
  ) {
    this.#directory = directory;
    this.#maxBytes = maxBytes;
    this.#list = list;
  }

  async import(body: ReadableStream<Uint8Array>, options: ImportOptions): Promise<Checkpoint> {
    const directory = this.#directory, id = newId("ckpt"), path = uploadOf(directory, id);
    await Deno.mkdir(directory, { recursive: true });
    try {
      await spool(refusePickles(body), path, this.#maxBytes, "checkpoint");
      const converted = this.#before.then(() => this.#convert({ directory, id, path, options }));
      this.#before = converted.catch(() => {});
      const { arch, px, files } = await converted;
      const checkpoint: Checkpoint = {
        ...{ id, object: "checkpoint", job: null, arch, px, step: 0, epoch: 0, metrics: {}, files },
        created_at: new Date().toISOString(),
      };
      this.#list(checkpoint);
      return checkpoint;
    } catch (error) {
      await removeTree(join(directory, id)); // what is not listed is not there
      throw error;
    } finally {
      await removeTree(path); // last: while it lies there, a start knows that the checkpoint is nobody's yet
    }
  }

  /** Ends what is under way: it rejects, as whatever is asked from now on does. */
  close(): void {
    this.#stop.abort();
  }

  #convert(task: ImportTask): Promise<ImportedModel> {
    const { signal } = this.#stop, { promise, resolve, reject } = Promise.withResolvers<ImportedModel>();
    if (signal.aborted) return Promise.reject(stopping());
    const thread = new Worker(new URL("./import_thread.ts", import.meta.url).href, { type: "module" });
    const stop = () => reject(stopping());
    signal.addEventListener("abort", stop, { once: true });
    thread.onmessage = ({ data }: MessageEvent<ImportAnswer>) =>
      "made" in data ? resolve(data.made) : reject(fromFailure(data.failure));
    thread.onerror = (event) => {
      event.preventDefault(); // else the error ends this process too
      reject(new Error(`Cannot import a checkpoint: its thread has crashed: ${event.message}`));
    };
    thread.postMessage(task);
    return promise.finally(() => {
      signal.removeEventListener("abort", stop);
      thread.terminate(); // and with it the model's memory goes
    });
  }
}

/**
 * Removes uploads that a dead server was importing, and the checkpoints made of them that nobody was told of. Call once, at
 * start.
 */
export async function sweepImports(
  directory: string,
  isListed: (checkpoint: string) => boolean,
): Promise<void> {
  for (const name of await namesIn(directory)) {
    const id = name.match(/^\.(.+)\.upload$/)?.[1];
    if (id === undefined || !isId("ckpt", id)) continue;
    if (!isListed(id)) await removeTree(join(directory, id));
    await removeTree(uploadOf(directory, id));
  }
}
