import { DomainError } from "../domain/errors.ts";
import type { JobEstimate } from "../domain/estimate.ts";
import type { PlannedMemory, Planner, PlanningTarget, WorkPlan } from "../domain/planner.ts";
import type { Work } from "../domain/work.ts";
import { KINDS } from "./kinds.ts";
import { expectRate, type MeasuredRate, measuredRates, type Pace, paceOf } from "./measured_rates.ts";
import { checkJob, type SubmitOptions } from "./submit.ts";

/**
 * What the body of `POST /v1/jobs` would take of the GPU's memory, and how long, by what jobs have shown here. Makes nothing.
 *
 * @throws {DomainError} As `submitJob`, but for `queue_full`.
 */
export async function estimateJob(
  options: SubmitOptions & { planner: Planner; target(work: Work): PlanningTarget | undefined },
  body: unknown,
): Promise<JobEstimate> {
  const { store, planner, target } = options, { job, dataset } = checkJob(options, body);
  const { kind, config } = job, given = job.given ?? [];
  const wanted = paceOf(store, job), measured = measuredRates(store, kind);
  const nets = wanted ? [wanted, ...measured].map(({ arch, px }) => ({ arch, px })) : [];
  let plan: WorkPlan | undefined, work: Work | undefined, reason: string | undefined;
  try {
    work = KINDS[kind].work(config, dataset);
    plan = await planner.plan({ dataset: dataset.id, work, largest: true, nets });
    if (!plan) reason = "it took too long to work out";
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    reason = `the job would fail: ${error.message}`;
  }
  const { memory, steps, steps_per_epoch } = plan ?? { memory: null, steps: null, steps_per_epoch: null };
  return {
    ...{ object: "estimate", kind, config, given },
    memory: memory && withoutRefusal(memory),
    ...{ steps, steps_per_epoch },
    ...timeOf(plan, wanted, measured, memoryBasis(memory, work && target(work), reason)),
  };
}

const withoutRefusal = ({ refusal, ...memory }: PlannedMemory): JobEstimate["memory"] => ({
  ...memory,
  detail: refusal?.message ?? null,
});

function memoryBasis(
  memory: PlannedMemory | null,
  target: PlanningTarget | undefined,
  reason: string | undefined,
): string {
  if (!memory) return `not known: ${reason ?? "the worker that trains has opened no GPU yet"}`;
  const had = memory.available_bytes === null
    ? "; how much there is of it, only trying tells: GPU_MEMORY_BYTES would say"
    : "";
  return `worked out from the sizes of every tensor, on ${target?.adapter}${had}`;
}

function timeOf(
  plan: WorkPlan | undefined,
  wanted: Pace | undefined,
  measured: MeasuredRate[],
  memory: string,
): Pick<JobEstimate, "seconds" | "seconds_per_epoch" | "basis"> {
  const unknown = (time: string) => ({
    seconds_per_epoch: null,
    seconds: null,
    basis: { memory, time: `not known: ${time}` },
  });
  if (!plan || !wanted) return unknown("the job's steps could not be counted");
  const expected = expectRate(wanted, measured, plan.flops);
  if (!expected) return unknown("no such job has run on this server yet");
  const { images_per_s, from, ratio } = expected, { images, steps, steps_per_epoch } = plan;
  const seconds = images / images_per_s;
  return {
    seconds,
    seconds_per_epoch: steps_per_epoch === null || steps === 0 ? null : (seconds / steps) * steps_per_epoch,
    basis: { memory, time: describe(wanted, from, ratio, images_per_s) },
  };
}

function describe(wanted: Pace, from: MeasuredRate, ratio: number, rate: number): string {
  const of = ({ kind, arch, px, batch, precision }: Pace) =>
    [kind, arch, `${px} px`, ...batch === null ? [] : [`batch ${batch}`], precision].join(", ");
  const same = of(wanted) === of(from);
  const how = same
    ? "of the same kind, net, size, batch and precision"
    : `${of(from)}, divided by the ${ratio.toPrecision(3)} times of arithmetic that an image takes here`;
  return `${rate.toPrecision(4)} images/s: ${
    from.images_per_s.toPrecision(4)
  } as ${from.job} has shown, ${how}; ` +
    "evaluations, checkpoints and the first step's compiling come on top";
}
