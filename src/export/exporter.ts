import { join } from "@std/path";
import type { Checkpoint } from "../domain/checkpoint.ts";
import { DomainError, type Failure, fromFailure } from "../domain/errors.ts";
import { checkId } from "../domain/ids.ts";
import type { CheckpointExporter, ExportedFile, Layout } from "../domain/layout.ts";
import type { KeptCheckpoint } from "./kept_model.ts";
import { cut, type Piece } from "./pieces.ts";
import { streamPieces } from "./piece_stream.ts";

export interface ExportRequest {
  id: number;
  /** Where checkpoints lie. */
  directory: string;
  checkpoint: KeptCheckpoint;
  layout: Layout;
  name: string;
}
export interface PlannedFile {
  bytes: number;
  sha256: string;
  pieces: Piece[];
}
export type ExportAnswer = { id: number; file: PlannedFile } | { id: number; failure: Failure };

const stopping = () => new DomainError("unavailable", "Cannot export a checkpoint: the server is stopping");

/** Plans that are remembered: of a large network one takes a few hundred kB. */
const MAX_PLANS = 32;

/**
 * Exports of checkpoints under one directory. What a file consists of, and its hash, is found out once, on a thread of its
 * own, which ends when nothing is asked of it; the bytes are then put together as each client reads them (decision 0016).
 */
export class FileCheckpointExporter implements CheckpointExporter {
  readonly #plans = new Map<string, Promise<PlannedFile>>();
  readonly #waiting = new Map<number, PromiseWithResolvers<PlannedFile>>();
  #thread: Worker | undefined;
  #nextId = 1;
  #closed = false;

  constructor(readonly directory: string) {}

  async file(
    { id, files }: Pick<Checkpoint, "id" | "files">,
    layout: Layout,
    name: string,
  ): Promise<ExportedFile> {
    const folder = join(this.directory, checkId("ckpt", id)), key = JSON.stringify([id, layout, name]);
    const known = this.#plans.get(key) ??
      this.#ask({ directory: this.directory, checkpoint: { id, files }, layout, name });
    this.#plans.delete(key);
    this.#plans.set(key, known); // the last that was asked for is the last to go
    if (this.#plans.size > MAX_PLANS) this.#plans.delete(this.#plans.keys().next().value!);
    try {
      const { bytes, sha256, pieces } = await known;
      return {
        ...{ bytes, sha256 },
        open: ({ start, end }) => streamPieces(cut(pieces, start, end + 1), (file) => join(folder, file)),
      };
    } catch (error) {
      if (this.#plans.get(key) === known) this.#plans.delete(key);
      throw error;
    }
  }

  /** Ends the thread. What was asked of it rejects, as whatever is asked from now on does. */
  close(): void {
    this.#closed = true;
    this.#end(stopping());
  }

  #ask(request: Omit<ExportRequest, "id">): Promise<PlannedFile> {
    if (this.#closed) return Promise.reject(stopping());
    const id = this.#nextId++, waiting = Promise.withResolvers<PlannedFile>();
    this.#waiting.set(id, waiting);
    this.#thread ??= this.#start();
    this.#thread.postMessage({ id, ...request } satisfies ExportRequest);
    return waiting.promise;
  }

  #start(): Worker {
    const thread = new Worker(new URL("./export_thread.ts", import.meta.url).href, { type: "module" });
    thread.onmessage = ({ data }: MessageEvent<ExportAnswer>) => {
      const waiting = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if ("file" in data) waiting?.resolve(data.file);
      else waiting?.reject(fromFailure(data.failure));
      if (this.#waiting.size === 0) this.#end();
    };
    thread.onerror = (event) => {
      event.preventDefault(); // else the error ends this process too
      this.#end(new Error(`Cannot export a checkpoint: its thread has crashed: ${event.message}`));
    };
    return thread;
  }
  #end(reason?: Error): void {
    this.#thread?.terminate();
    this.#thread = undefined;
    for (const waiting of this.#waiting.values()) waiting.reject(reason);
    this.#waiting.clear();
  }
}
