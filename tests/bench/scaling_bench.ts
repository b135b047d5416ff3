import { digits, median, printTable } from "./figures.ts";
import { type OptionValues, UsageError } from "./options.ts";
import { caseOptions, describeCase, openBench, Training, type TrainingCase } from "./training.ts";

export const SCALING_OPTIONS = {
  ...caseOptions("cifar_resnet20", 32, 32),
  rounds: { about: "turns that each case gets; medians are compared", default: 5 },
} as const;
const TARGET = 2.1;
/** A wait costs 10 ms in Deno: a turn is long enough that this hardly counts. */
const TURN_MS = 500;

/** Whether twice the batch, or twice the blocks, takes no more than twice the time. */
export async function scaling(options: OptionValues<typeof SCALING_OPTIONS>): Promise<void> {
  const { arch, px, batch, hidden, out, precision, rounds } = options;
  const depth = Number(/^cifar_resnet(\d+)$/.exec(arch)?.[1]);
  if (!depth) {
    throw new UsageError(`Cannot double ${arch}: --arch must be a cifar_resnet, whose blocks can be doubled`);
  }
  const one: TrainingCase = { arch, px, batch, hidden, out, precision };
  const cases = [one, { ...one, batch: 2 * batch }, { ...one, arch: `cifar_resnet${2 * depth - 2}` }];
  const bench = await openBench(), { device, adapter } = bench;
  console.log(`case     ${describeCase(one)}; ${rounds} turns each, alternating\n`);
  const trainings = [];
  for (const what of cases) trainings.push(await Training.open(bench, what));

  const turn = async (training: Training, count: number): Promise<number> => {
    const start = performance.now();
    for (let k = 0; k < count; k++) training.advance(k);
    await device.queue.onSubmittedWorkDone();
    return (performance.now() - start) / count;
  };
  const counts: number[] = [], times: number[][] = cases.map(() => []);
  for (const training of trainings) {
    await turn(training, 1); // compiles
    counts.push(Math.max(1, Math.round(TURN_MS / await turn(training, 1))));
  }
  for (let round = 0; round < rounds; round++) {
    for (const [i, training] of trainings.entries()) times[i].push(await turn(training, counts[i]));
  }
  const ms = times.map(median), names = ["one", "twice the batch", "twice the blocks"];
  printTable(
    ["", "arch", "batch>", "ms a step>", "ratio>", `at most ${TARGET}`],
    cases.map(({ arch, batch }, i) => [
      ...[names[i], arch, String(batch), digits(ms[i])],
      ...(i === 0
        ? ["", ""]
        : [`${(ms[i] / ms[0]).toFixed(3)} ×`, ms[i] / ms[0] <= TARGET ? "met" : "MISSED"]),
    ]),
  );
  console.log("");
  for (const [i, what] of cases.entries()) {
    if (i === 0) continue;
    console.log(JSON.stringify({
      ...{ case: `scaling, ${arch}, ${px} px, batch ${batch}, ${names[i]}`, adapter: adapter.description },
      ...{
        arch: what.arch,
        batch: what.batch,
        ms: ms[i],
        base_ms: ms[0],
        ratio: ms[i] / ms[0],
        target: TARGET,
      },
    }));
  }
  for (const training of trainings) training.close();
}
