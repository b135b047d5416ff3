import { setPriority } from "node:os";
import { abortable } from "@std/async/abortable";
import { delay } from "@std/async/delay";
import { JobStopped } from "../domain/job.ts";
import type { WorkerReport } from "../domain/measures.ts";
import { FrameWriter, readFrames } from "../ipc/frame.ts";
import { fromWire, type FromWorker, type Reply, type RequestBody } from "../ipc/messages.ts";
import { log, passOn } from "../log/log.ts";
import { ChildStanding } from "./child_standing.ts";

/** The child's process ended before it had answered a request, or will not come back: try the request again. */
export class WorkerDied extends Error {
  override name = "WorkerDied";
}

/** How a child is started: a program and what it is given. */
export interface Command {
  /** Stands before the lines of its standard error, such as `train`. */
  name: string;
  program: string;
  args: string[];
  env?: Record<string, string>;
  /** How far it steps back for others that want the processor, 0 to 19 (nice(2)). */
  nice?: number;
}
export interface Answer {
  result: Record<string, unknown>;
  payload: Uint8Array<ArrayBuffer>;
}

interface Pending extends PromiseWithResolvers<Answer> {
  heard: (reply: Reply) => void;
  letGoMs?: number;
}
/** A request that nobody waits for any more, while the child still works on it. */
interface Cancelled extends PromiseWithResolvers<void> {
  heard: (reply: Reply) => void;
}

/** Waits between a child's death and its next start: a crash at start must not spin, a rare one must not be felt. */
const FIRST_DELAY_MS = 500, LONGEST_DELAY_MS = 30_000;
/** A child that lived this long had started well, so the next wait is the first again. */
const HEALTHY_MS = 60_000;
/** What a child is given to be ready: one that hangs before that is killed. A driver takes seconds, a first load more. */
const START_MS = 300_000;
/** What a child is given to end by itself before it is killed. */
const GRACE_MS = 5000;

/** A child process that is started again whenever it ends, and the requests that are under way in it. */
export class ChildProcess {
  /** The adapter that the running child named; undefined while there is none ready. */
  adapter: string | undefined;
  readonly #standing = new ChildStanding();
  #process: Deno.ChildProcess | undefined;
  #writer: FrameWriter | undefined;
  #pending = new Map<number, Pending>();
  #cancelled = new Map<number, Cancelled>();
  #nextId = 1;
  #delay = FIRST_DELAY_MS;
  #closing = new AbortController();
  /** Resolves with the next `ready`; replaced only once it has, so that whoever waits outlives a failed start. */
  #ready = Promise.withResolvers<void>();
  /** Why the child says that it ends. */
  #lastWords: Error | undefined;
  readonly #life: Promise<void>;

  constructor(readonly command: Command) {
    this.#life = this.#keepAlive();
  }

  /** The running child's process id, for those who watch it; undefined between two lives. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** The child as others are told of it. */
  get report(): WorkerReport {
    return this.#standing.report(this.command.name, this.adapter !== undefined);
  }

  /** Milliseconds since it last said anything; it does once a second while its thread is free. */
  get silentMs(): number {
    return this.#standing.silentMs;
  }
  /** Requests that it has not answered. */
  get pending(): number {
    return this.#pending.size;
  }

  /** Whether `close` was called. */
  get isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Resolves once a child is ready; rejects with the signal's reason, or if this is closed first. */
  async whenReady(signal?: AbortSignal): Promise<void> {
    const stop = signal ? AbortSignal.any([this.#closing.signal, signal]) : this.#closing.signal;
    stop.throwIfAborted();
    while (this.adapter === undefined) await abortable(this.#ready.promise, stop);
  }

  /**
   * Sends a request to the child, waiting for one that is ready.
   *
   * @param heard Called with what the child says before it is done.
   * @param signal Asks the child to stop. The promise then rejects with the signal's reason at once; but after a
   *   JobStopped for a pause or a shutdown it settles as the child answers, which may keep a checkpoint first.
   * @param letGoMs A child that has not answered so long after a cancel is killed; until then it is still `heard`. If not
   *   given, nobody cares.
   * @throws {WorkerDied} If the process ends first without a word why, or this is closed.
   * @throws What the child failed with; a DomainError stays one.
   */
  async request(
    body: RequestBody,
    payload?: Uint8Array,
    heard: (reply: Reply) => void = () => {},
    signal?: AbortSignal,
    letGoMs?: number,
  ): Promise<Answer> {
    await this.whenReady(signal);
    signal?.throwIfAborted();
    const id = this.#nextId++, pending: Pending = { ...Promise.withResolvers<Answer>(), heard, letGoMs };
    this.#pending.set(id, pending);
    const writer = this.#writer!;
    const cancel = () => {
      const reason = signal!.reason instanceof JobStopped ? signal!.reason.reason : "cancel";
      writer.write({ type: "cancel", id, reason }).catch(() => {}); // a child that is gone needs no telling
      if (reason !== "cancel") return;
      this.#expectLetGo(id, pending);
      pending.reject(signal!.reason);
    };
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      // A failed write is a death that `#live` is about to see, which rejects all that is pending.
      writer.write({ ...body, id }, payload).catch(() => {});
      return await pending.promise;
    } finally {
      this.#pending.delete(id);
      signal?.removeEventListener("abort", cancel);
    }
  }

  /** Resolves when the child works on nothing any more that was cancelled with a `letGoMs`. */
  async allLetGo(): Promise<void> {
    await Promise.all([...this.#cancelled.values()].map(({ promise }) => promise));
  }
  #expectLetGo(id: number, { heard, letGoMs }: Pending): void {
    this.#pending.delete(id);
    if (letGoMs === undefined) return;
    const cancelled: Cancelled = { ...Promise.withResolvers<void>(), heard }, process = this.#process;
    this.#cancelled.set(id, cancelled);
    const timer = setTimeout(() => process && kill(process), letGoMs);
    cancelled.promise.then(() => {
      clearTimeout(timer);
      this.#cancelled.delete(id);
    });
  }

  /** Ends the running child at once, as a crash would; another is started. */
  kill(): void {
    if (this.#process) kill(this.#process);
  }

  /** Ends the child for good: its input closes, and it is killed if that does not end it in time. */
  async close(): Promise<void> {
    this.#closing.abort(
      new WorkerDied(`Cannot reach the ${this.command.name} worker: the server is closing`),
    );
    const process = this.#process;
    if (process) {
      if (this.adapter === undefined) kill(process); // it does not listen yet, and works on nothing
      const timer = setTimeout(() => kill(process), GRACE_MS);
      await this.#writer?.close().catch(() => {});
      await process.status;
      clearTimeout(timer);
    }
    await this.#life;
  }

  async #keepAlive(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      const born = performance.now(), how = await this.#live();
      if (this.#closing.signal.aborted) return;
      if (performance.now() - born > HEALTHY_MS) this.#delay = FIRST_DELAY_MS;
      log.warn(`${how}; starting again in ${this.#delay / 1000} s`, undefined, { worker: this.command.name });
      await delay(this.#delay, { signal: this.#closing.signal }).catch(() => {}); // closing: the loop ends
      this.#delay = Math.min(2 * this.#delay, LONGEST_DELAY_MS);
    }
  }

  /** One life of the child. @returns How it ended, in words. */
  async #live(): Promise<string> {
    const { program, args, env } = this.command;
    let process: Deno.ChildProcess;
    try {
      process = new Deno.Command(program, { args, env, stdin: "piped", stdout: "piped", stderr: "piped" })
        .spawn();
    } catch (error) { // no memory, no process ids left, or a program that is being replaced: it may come back
      return `the process cannot be started (${(error as Error).message})`;
    }
    this.#process = process;
    this.#stepBack(process);
    this.#standing.born();
    this.#writer = new FrameWriter(process.stdin);
    const noise = this.#passOn(process.stderr), late = setTimeout(() => kill(process), START_MS);
    let broken: string | undefined;
    try {
      for await (const { header, payload } of readFrames(process.stdout)) {
        clearTimeout(late); // the first is `ready`
        this.#receive(header as FromWorker, payload);
      }
    } catch (error) {
      broken = (error as Error).message;
    }
    clearTimeout(late);
    // Either the process is ending, or it writes what is no frame and cannot be understood any more.
    if (this.adapter !== undefined) this.#ready = Promise.withResolvers();
    this.adapter = undefined;
    const timer = setTimeout(() => kill(process), GRACE_MS);
    const { code, signal } = await process.status;
    clearTimeout(timer);
    await noise;
    this.#process = undefined;
    const lastWords = this.#lastWords;
    this.#lastWords = undefined;
    const how = `the process ended with ${signal ?? `code ${code}`}${broken ? ` (${broken})` : ""}`;
    for (const cancelled of this.#cancelled.values()) cancelled.resolve();
    for (const pending of this.#pending.values()) {
      pending.reject(lastWords ?? new WorkerDied(`The ${this.command.name} worker stopped: ${how}`));
    }
    return how;
  }

  /** At once: on Linux it is a thread's own, and those that come of it have it too. */
  #stepBack({ pid }: Deno.ChildProcess): void {
    const { name, nice } = this.command;
    if (nice === undefined) return;
    try {
      setPriority(pid, nice);
    } catch (error) {
      log.warn(`it keeps the server's priority: ${(error as Error).message}`, undefined, { worker: name });
    }
  }

  #receive(message: FromWorker, payload: Uint8Array<ArrayBuffer>): void {
    this.#standing.heard(message);
    if (message.type === "ready") {
      const { pid } = this, { adapter } = message, worker = this.command.name;
      log.info(`${worker} worker ${pid} is ready on ${adapter}`, { worker, pid, adapter });
      this.adapter = message.adapter;
      this.#ready.resolve();
      return;
    }
    if (message.type === "vitals") return;
    if (message.type === "ending") {
      this.#lastWords = fromWire(message.error);
      return;
    }
    const pending = this.#pending.get(message.id);
    if (!pending) return this.#receiveCancelled(message);
    if (message.type === "done") pending.resolve({ result: message.result, payload });
    else if (message.type === "failed") pending.reject(fromWire(message.error));
    else {
      try {
        pending.heard(message);
      } catch (error) { // whoever listens has failed (a full disk, say): that ends this request and no other
        this.#expectLetGo(message.id, pending);
        pending.reject(error);
        this.#writer!.write({ type: "cancel", id: message.id, reason: "cancel" }).catch(() => {});
      }
    }
  }

  #receiveCancelled(message: Reply): void {
    const cancelled = this.#cancelled.get(message.id);
    if (message.type === "done" || message.type === "failed") return cancelled?.resolve();
    try {
      cancelled?.heard(message); // a checkpoint, say, that was under way: its files must go
    } catch (error) {
      log.error("what it says of a cancelled request is not kept", error, { worker: this.command.name });
    }
  }

  async #passOn(stderr: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    let rest = "";
    for await (const text of stderr.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) passOn(this.command.name, line);
    }
    if (rest) passOn(this.command.name, rest);
  }
}

function kill(process: Deno.ChildProcess): void {
  try {
    process.kill("SIGKILL");
  } catch { // it has ended by itself, which was the aim
  }
}
