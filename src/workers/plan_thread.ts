/** The planner's thread: a job in, what it will take out. It loads what computes, and touches no GPU. */
import { toFailure } from "../domain/errors.ts";
import type { PlanAnswer, PlanRequest } from "../domain/planner.ts";
import { planWork } from "./plan_work.ts";

const thread = self as unknown as {
  onmessage: (event: MessageEvent<PlanRequest>) => void;
  postMessage(message: PlanAnswer): void;
};
let last: Promise<void> = Promise.resolve();

thread.onmessage = ({ data: { id, ...asked } }) => {
  last = last.then(async () => {
    try {
      thread.postMessage({ id, plan: await planWork(asked) });
    } catch (error) {
      thread.postMessage({ id, failure: toFailure(error, `Cannot plan a job on ${asked.dataset}`) });
    }
  });
};
