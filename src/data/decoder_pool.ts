import { DomainError, type Failure, fromFailure } from "../domain/errors.ts";
import type { DecoderKind } from "./decode.ts";
import type { DecodedImage, ImageDecoder } from "../domain/ports.ts";

export interface DecodeRequest {
  id: number;
  bytes: Uint8Array<ArrayBuffer>;
  shortSide?: number;
  kind: DecoderKind;
}
export type DecodeAnswer =
  | { id: number; image: DecodedImage }
  /** Without a code it is a fault of ours, not of the image. */
  | { id: number; failure: Failure };

interface Task extends PromiseWithResolvers<DecodedImage> {
  bytes: Uint8Array<ArrayBuffer>;
  shortSide?: number;
}
interface Thread {
  worker: Worker;
  task: Task | undefined;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** What one image may take. Past it the thread is taken for hung. */
const DEADLINE_MS = 30_000;

/** Decodes on threads of its own, which it starts as they are needed: one image's trouble never reaches another. */
export class DecoderPool implements ImageDecoder {
  readonly #idle: Thread[] = [];
  readonly #threads = new Set<Thread>();
  readonly #waiting: Task[] = [];
  #nextId = 1;
  /** Images over which a thread hung. It was given up; but Deno cannot end a thread that loops, only its process can. */
  hung = 0;

  /** @param size Threads at most. */
  constructor(
    readonly size: number,
    readonly deadlineMs = DEADLINE_MS,
    readonly kind: DecoderKind = "wasm",
  ) {}

  /** @param bytes Copied: the caller's stay as they are. */
  decode(
    bytes: Uint8Array,
    { shortSide, signal }: { shortSide?: number; signal?: AbortSignal } = {},
  ): Promise<DecodedImage> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const task: Task = { ...Promise.withResolvers<DecodedImage>(), bytes: bytes.slice(), shortSide };
    const giveUp = () => {
      const at = this.#waiting.indexOf(task);
      if (at >= 0) this.#waiting.splice(at, 1);
      task.reject(signal!.reason); // a thread that is on it goes on, and nobody hears of it
    };
    signal?.addEventListener("abort", giveUp, { once: true });
    this.#waiting.push(task);
    this.#dispatch();
    return task.promise.finally(() => signal?.removeEventListener("abort", giveUp));
  }

  /** Ends the threads. What was not decoded yet rejects. */
  close(): void {
    const gone = new DomainError("unavailable", "Cannot decode the image: the server is stopping");
    for (const thread of this.#threads) {
      thread.task?.reject(gone);
      this.#end(thread);
    }
    for (const task of this.#waiting.splice(0)) task.reject(gone);
  }

  #dispatch(): void {
    while (this.#waiting.length > 0) {
      const thread = this.#idle.pop() ?? (this.#threads.size < this.size ? this.#start() : undefined);
      if (!thread) return;
      const task = this.#waiting.shift()!;
      thread.task = task;
      thread.timer = setTimeout(
        () => {
          this.hung++;
          this.#fail(thread, `it took more than ${this.deadlineMs / 1000} s`);
        },
        this.deadlineMs,
      );
      const { bytes, shortSide } = task;
      thread.worker.postMessage(
        { id: this.#nextId++, bytes, shortSide, kind: this.kind } satisfies DecodeRequest,
        [
          bytes.buffer,
        ],
      );
    }
  }

  #start(): Thread {
    const worker = new Worker(new URL("./decode_worker.ts", import.meta.url).href, { type: "module" });
    const thread: Thread = { worker, task: undefined, timer: undefined };
    this.#threads.add(thread);
    worker.onmessage = ({ data }: MessageEvent<DecodeAnswer>) => {
      clearTimeout(thread.timer);
      const task = thread.task;
      thread.task = undefined;
      this.#idle.push(thread);
      if ("image" in data) task?.resolve(data.image);
      else task?.reject(fromFailure(data.failure));
      this.#dispatch();
    };
    worker.onerror = (event) => {
      event.preventDefault(); // else the error ends this process too
      this.#fail(thread, "the decoder crashed over it");
    };
    return thread;
  }

  /** Gives up the thread with the image it was on; the next image gets a new thread. */
  #fail(thread: Thread, reason: string): void {
    this.#end(thread);
    thread.task?.reject(
      new DomainError("malformed", `Cannot decode the image: ${reason}`, { type: "image_malformed" }),
    );
    this.#dispatch();
  }

  #end(thread: Thread): void {
    clearTimeout(thread.timer);
    thread.worker.terminate();
    this.#threads.delete(thread);
    const at = this.#idle.indexOf(thread);
    if (at >= 0) this.#idle.splice(at, 1);
  }
}
