import { METRIC_SLOTS } from "../../src/training/figure_ring.ts";
import { mebibytes, printTable, slope } from "./figures.ts";
import { type OptionValues, UsageError } from "./options.ts";
import { caseOptions, describeCase, openBench, Training } from "./training.ts";

export const MEMORY_OPTIONS = {
  ...caseOptions("cifar_resnet8", 8, 8),
  steps: { about: "steps of the run", default: 2000 },
  every: { about: "steps between two looks at the memory", default: 100 },
} as const;
/** The run's first part is not judged: heaps and caches grow to their size in it. */
const WARM_UP = 0.25;

/** Whether the process's memory stays as it is while it trains. */
export async function memory(options: OptionValues<typeof MEMORY_OPTIONS>): Promise<void> {
  const { steps, every } = options;
  if (every > METRIC_SLOTS) {
    throw new UsageError(`Cannot use --every: must be at most ${METRIC_SLOTS}, got ${every}`);
  }
  if (steps < 8 * every) {
    throw new UsageError(`Cannot use --steps: must be at least 8 × --every, got ${steps}`);
  }
  const bench = await openBench(), training = await Training.open(bench, options);
  console.log(`case     ${describeCase(options)}, ${steps} steps\n`);
  const rows: { step: number; rss: number; heap: number }[] = [];
  for (let done = 0; done < steps;) {
    const until = Math.min(steps, done + every);
    for (let k = done; k < until; k++) training.advance(k);
    await training.step.metrics(done, until);
    done = until;
    const { rss, heapUsed } = Deno.memoryUsage();
    rows.push({ step: done, rss, heap: heapUsed });
  }
  printTable(
    ["step>", "resident>", "JavaScript's heap>"],
    rows.map(({ step, rss, heap }) => [String(step), mebibytes(rss), mebibytes(heap)]),
  );
  const judged = rows.filter(({ step }) => step > WARM_UP * steps);
  const perStep = slope(judged.map(({ step }) => step), judged.map(({ rss }) => rss));
  const first = judged[0], last = judged[judged.length - 1];
  console.log(
    `\nslope    ${(perStep / 1024).toFixed(3)} KiB a step after step ${first.step} ` +
      `(${mebibytes(last.rss - first.rss)} in ${last.step - first.step} steps); flat is the target\n`,
  );
  const { arch, px, batch } = options;
  console.log(JSON.stringify({
    ...{ case: `memory, ${arch}, ${px} px, batch ${batch}`, adapter: bench.adapter.description, steps },
    ...{ first_rss_bytes: first.rss, last_rss_bytes: last.rss, bytes_per_step: perStep },
  }));
  training.close();
}
