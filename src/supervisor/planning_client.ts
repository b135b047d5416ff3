import { fromFailure } from "../domain/errors.ts";
import type {
  PlanAnswer,
  Planner,
  PlanningTarget,
  PlanQuestion,
  PlanRequest,
  WorkPlan,
} from "../domain/planner.ts";
import type { Work } from "../domain/work.ts";
import { log } from "../log/log.ts";

/**
 * What whoever submits a job waits for its plan: 20 to 700 ms of processor time for nets from cifar_resnet8 to resnet200x2,
 * and a few recordings more, of 10 to 200 ms, where the largest batch is looked for (decision 0021).
 */
const PLAN_MS = 2000;
/** A plan that takes so long keeps others waiting: its thread ends, and another is started. */
const STUCK_MS = 20_000;

interface Waiting extends PromiseWithResolvers<WorkPlan | undefined> {
  timer?: ReturnType<typeof setTimeout>;
}

/**
 * Plans on a thread of this process: it has no GPU, and so it can while the worker trains. The thread is started at once, for
 * what it loads takes longer than a client waits.
 */
export class PlanningClient implements Planner {
  #thread: Worker | undefined;
  #nextId = 1;
  readonly #waiting = new Map<number, Waiting>();

  /** @param target What was told last of the GPU that a job runs on. */
  constructor(
    readonly options: { dataDir: string; planMs?: number },
    readonly target: (work: Work) => PlanningTarget | undefined,
  ) {
    this.#thread = this.#start();
  }

  plan(question: PlanQuestion): Promise<WorkPlan | undefined> {
    const { dataDir, planMs = PLAN_MS } = this.options,
      id = this.#nextId++,
      target = this.target(question.work);
    const waiting: Waiting = Promise.withResolvers<WorkPlan | undefined>();
    waiting.timer = setTimeout(() => {
      waiting.resolve(undefined);
      waiting.timer = setTimeout(() => this.#end("it took too long"), STUCK_MS);
    }, planMs);
    this.#waiting.set(id, waiting);
    this.#thread ??= this.#start();
    this.#thread.postMessage({ id, dataDir, target, ...question } satisfies PlanRequest);
    return waiting.promise;
  }

  /** Ends the thread; what was asked is answered with undefined. */
  close(): void {
    this.#end();
  }

  #start(): Worker {
    const url = new URL("../workers/plan_thread.ts", import.meta.url).href;
    const thread = new Worker(url, { type: "module" });
    thread.onmessage = ({ data }: MessageEvent<PlanAnswer>) => {
      const waiting = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      clearTimeout(waiting?.timer);
      if ("plan" in data) waiting?.resolve(data.plan);
      else waiting?.reject(fromFailure(data.failure));
    };
    thread.onerror = (event) => {
      event.preventDefault(); // else the error ends this process too
      this.#end(`it crashed: ${event.message}`);
    };
    return thread;
  }

  /** The next question gets a new thread. */
  #end(reason?: string): void {
    if (reason) log.error(`the thread that plans jobs has ended: ${reason}`);
    this.#thread?.terminate();
    this.#thread = undefined;
    for (const waiting of this.#waiting.values()) {
      clearTimeout(waiting.timer);
      waiting.resolve(undefined);
    }
    this.#waiting.clear();
  }
}
