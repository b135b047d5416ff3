import { METRIC_SLOTS } from "../../src/training/figure_ring.ts";
import { digits, median, percent, printTable, sum } from "./figures.ts";
import type { OptionValues } from "./options.ts";
import { caseOptions, describeCase, openBench, SubmitClock, Training } from "./training.ts";

export const OVERHEAD_OPTIONS = {
  ...caseOptions("cifar_resnet20", 32, 128),
  steps: { about: "steps that are measured", default: 12 },
} as const;
const TARGET = 0.05;

/** What of a training step's time is not arithmetic on the GPU, in the loop as src/byol/train.ts has it. */
export async function overhead(options: OptionValues<typeof OVERHEAD_OPTIONS>): Promise<void> {
  const bench = await openBench(), { adapter, device } = bench, { steps } = options;
  const training = await Training.open(bench, options);
  console.log(`case     ${describeCase(options)}, ${steps} steps\n`);
  training.advance(0);
  await training.step.metrics(0, 1);
  const warm = performance.now();
  training.advance(1);
  await training.step.metrics(1, 2);
  // As the training loop: about a second's steps are submitted before it waits for their figures.
  const between = Math.min(METRIC_SLOTS, Math.max(1, Math.round(1000 / (performance.now() - warm))));

  const clock = SubmitClock.start(device, 2 * steps + 1);
  const parts: ReturnType<Training["advance"]>[] = [], waitedBefore: boolean[] = [];
  const start = performance.now();
  for (let done = 0; done < steps;) {
    const until = Math.min(steps, done + between);
    for (let k = done; k < until; k++) {
      parts.push(training.advance(k + 2));
      waitedBefore.push(k === done);
    }
    await training.step.metrics(done + 2, until + 2);
    waitedBefore.push(false); // the figures' copy is a submission too
    done = until;
  }
  const wall = (performance.now() - start) / steps;
  const submissions = await clock.read();
  const busy = sum(submissions.map(({ begin, end }) => end - begin)) / steps;
  const gaps = submissions.map(({ begin }, i) => i === 0 ? 0 : begin - submissions[i - 1].end);
  const idle = (after: boolean) => sum(gaps.filter((_, i) => waitedBefore[i] === after)) / steps;
  const of = (name: "load" | "write" | "submit", some = parts) => median(some.map((part) => part[name]));
  // A driver may hold a submission back while it has enough to do: only one into an empty queue is all work.
  const [eager, held] = [0, 1].map((rest) => parts.filter((_, k) => Number(k % between !== 0) === rest));
  const load = of("load"), write = of("write"), submit = of("submit", eager);
  const outside = (wall - busy) / wall;

  const dispatches = sum(training.step.allPlans.map((plan) => plan.dispatches.length));
  const row = (name: string, ms: number, what: string) => [name, digits(ms), percent(ms / wall), what];
  printTable(["per step", "ms>", "of wall>", ""], [
    row("CPU: loader.batch", load, "shuffling; images from the page cache"),
    row("CPU: views.write", write, "augmentation drawn; images and tables uploaded"),
    row(
      "CPU: step.run",
      submit,
      `params, ${dispatches} dispatches encoded and submitted`,
    ),
    row("CPU in all", load + write + submit, "medians; beside the GPU's work, except just after a wait"),
    ...held.length > 0
      ? [
        row(
          "step.run, queue in use",
          of("submit", held),
          "the same, and what the driver makes it wait meanwhile",
        ),
      ]
      : [],
    row("GPU busy", busy, "by its own clock, before and after each submission"),
    row(
      "GPU idle after a wait",
      idle(true),
      `the loop waits for figures every ${between} steps, as in training`,
    ),
    row("GPU idle otherwise", idle(false), "uploads, and the CPU where it is the slower one"),
    row("wall", wall, "the loop, its waits included"),
  ]);
  console.log(
    `\noutside the GPU  (wall − busy) / wall = ${percent(outside)}, target at most ${percent(TARGET)}: ${
      outside <= TARGET ? "met" : "MISSED"
    }`,
  );
  if (adapter.software) {
    console.log(
      `${adapter.description} is this machine's own cores: "GPU busy" contains whatever else ran on them meanwhile, this\n` +
        "process's CPU part too. What can be told here: how much work the CPU has, and how long the queue stands empty.",
    );
  }
  if (load + write > TARGET * wall) {
    console.log("batches take more than 5 % of a step on the CPU");
  }
  console.log("");
  const { arch, px, batch } = options;
  console.log(JSON.stringify({
    ...{ case: `overhead, ${arch}, ${px} px, batch ${batch}`, adapter: adapter.description, steps },
    ...{ cpu_load_ms: load, cpu_write_ms: write, cpu_submit_ms: submit },
    ...{ gpu_ms: busy, wall_ms: wall, outside_share: outside, target: TARGET },
  }));
  training.close();
}
