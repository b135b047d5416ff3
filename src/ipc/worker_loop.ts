import { Console } from "node:console";
import process from "node:process";
import { DomainError, GPU_LOST } from "../domain/errors.ts";
import { JobStopped } from "../domain/job.ts";
import { idsIn, log, withLogFields } from "../log/log.ts";
import type { AdapterReport, Vitals } from "../domain/measures.ts";
import { FrameWriter, readFrames } from "./frame.ts";
import {
  type FromWorker,
  type Reply,
  type ReplyBody,
  type Request,
  toWire,
  type ToWorker,
} from "./messages.ts";

const VITALS_EVERY_MS = 1000;

/** Sends a reply; never rejects, for a child that cannot answer its server ends. */
export type Say = (reply: ReplyBody) => Promise<void>;

/** What a child does. */
export interface WorkerRole {
  /**
   * Prepares, then names the adapter it computes on. Rejecting ends the process, and so does what `failed` resolves
   * with: that becomes the answer to every request under way.
   */
  ready(): Promise<{ adapter: string; report?: AdapterReport; failed: Promise<Error> }>;
  /** What it holds of the GPU's memory. */
  vitals?(): Omit<Vitals, "resident">;
  /**
   * Serves one request; may be called again before an earlier one is through.
   *
   * @param say Sends what is worth telling while it works. Resolves when it is on its way: worth waiting for before
   *   work that blocks this thread, and what is told with it.
   * @param signal Aborted with a JobStopped, which says why, when nobody wants the answer any more.
   * @returns What `done` carries.
   */
  handle(
    request: Request,
    payload: Uint8Array<ArrayBuffer>,
    say: Say,
    signal: AbortSignal,
  ): Promise<{ result: Record<string, unknown>; payload?: Uint8Array }>;
}

/**
 * Runs a child: reads requests from standard input, writes replies to standard output, until the input ends, which is
 * how a child learns that its server is gone. Then the process ends, whatever it was doing.
 */
export async function serveWorker(role: WorkerRole): Promise<never> {
  // Standard output belongs to the frames: one stray line there would be read as a length.
  globalThis.console = new Console({ stdout: process.stderr, stderr: process.stderr }) as typeof console;
  // Ctrl-C and a service manager signal the server's children too: it is the server that tells them when to stop.
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, () => {});
  const writer = new FrameWriter(Deno.stdout.writable, (bytes) => Deno.stdout.writeSync(bytes));
  const send = (message: FromWorker, payload?: Uint8Array) =>
    writer.write(message, payload).catch((error) => {
      log.error(`cannot answer the server: ${error.message}`);
      Deno.exit(1);
    });
  const running = new Map<number, AbortController>();
  let ending = false;
  const end = async (error: unknown) => {
    if (ending) return;
    ending = true;
    tell("this process is of no more use", error);
    await send({ type: "ending", error: toWire(error) });
    Deno.exit(1);
  };
  const serve = async (request: Request, payload: Uint8Array<ArrayBuffer>) => {
    const controller = new AbortController(), { id } = request;
    running.set(id, controller);
    try {
      const answer = await role.handle(
        request,
        payload,
        (reply) => send({ ...reply, id } as Reply),
        controller.signal,
      );
      send({ type: "done", id, result: answer.result }, answer.payload);
    } catch (error) {
      const wire = toWire(error);
      if (wire.type === GPU_LOST) return void end(error); // before `failed` tells it: answered once, and as lost
      if (!wire.code && !wire.stopped) log.error(`Cannot ${request.type}`, error);
      send({ type: "failed", id, error: wire });
    } finally {
      running.delete(id);
    }
  };

  try {
    const { adapter, report, failed } = await role.ready();
    const tellVitals = () =>
      send({ type: "vitals", vitals: { resident: Deno.memoryUsage().rss, ...role.vitals?.() } });
    tellVitals();
    setInterval(tellVitals, VITALS_EVERY_MS);
    send({ type: "ready", adapter, report });
    failed.then(end);
  } catch (error) {
    tell(undefined, error);
    Deno.exit(1);
  }
  for await (const { header, payload } of readFrames(Deno.stdin.readable)) {
    const message = header as ToWorker;
    if (message.type === "cancel") running.get(message.id)?.abort(new JobStopped(message.reason));
    else withLogFields(idsIn(JSON.stringify(message)), () => serve(message, payload));
  }
  Deno.exit(0);
}

/** An error that is meant to be read, by its message alone. */
function tell(what: string | undefined, error: unknown): void {
  if (error instanceof DomainError) {
    log.error(what === undefined ? error.message : `${what}: ${error.message}`);
  } else log.error(what ?? "Cannot start", error);
}
