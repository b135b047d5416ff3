import { elementCount } from "../../src/gpu/tensor.ts";
import { type DispatchTime, type PlanTimes, timePlan } from "../../src/gpu/timing.ts";
import { digits, mebibytes, median, percent, printTable, sum } from "./figures.ts";
import { GPU_OPTIONS, gpuChoice } from "./gpu_choice.ts";
import type { OptionValues } from "./options.ts";
import { measurePeaks, PEAK_OPTIONS, type Peaks, printPeaks } from "./peaks_bench.ts";
import { caseOptions, describeCase, openBench, SubmitClock, Training } from "./training.ts";

export const PROFILE_OPTIONS = {
  ...caseOptions("cifar_resnet20", 32, 32),
  rounds: { about: "timed steps, of which each dispatch's median is shown", default: 5 },
  by: { about: "what the second table goes by", default: "shape", choices: ["shape", "layer"] },
  top: { about: "rows of the second table", default: 25 },
  ...GPU_OPTIONS,
  ...PEAK_OPTIONS,
  json: { about: "prints one JSON object instead", default: false },
} as const;

/** Dispatches that are shown as one row. */
interface Row {
  kernel: string;
  what: string;
  count: number;
  ms: number;
  share: number;
  gflops_per_s: number | null;
  gb_per_s: number;
  /** Of the measured peak: of a product where it computes, of a copy's bandwidth where it moves bytes. */
  of_peak: number;
}

/** What memory-bound work, normalising, adding, updating, is to reach of a copy's bandwidth. */
const BANDWIDTH_TARGET = 0.7;
/** Steps in a row are submitted for about as long. */
const ROW_MS = 1000;

/** Where the time of one training step goes, dispatch by dispatch. */
export async function profile(options: OptionValues<typeof PROFILE_OPTIONS>): Promise<void> {
  const { arch, px, batch, hidden, out, precision, rounds, by } = options;
  const bench = await openBench(gpuChoice(options)), { adapter, device } = bench;
  const peaks = await measurePeaks(bench, options);
  const training = await Training.open(bench, options), { allPlans, memory } = training.step;
  const load = Deno.loadavg()[0];
  let k = 0;
  const replay = () => training.replay(k++);
  training.advance(k++);
  await training.step.metrics(0, 1); // drivers compile in the first step
  const wholes: number[] = [], rounded: PlanTimes[] = [];
  for (let round = 0; round < rounds; round++) {
    // In turns, so that what else the machine does falls on both alike.
    const clock = SubmitClock.start(device, 1);
    replay();
    const [{ begin, end }] = await clock.read();
    wholes.push(end - begin);
    const times: PlanTimes[] = [];
    for (const plan of allPlans) times.push(await timePlan(plan, { rounds: 1, replay }));
    rounded.push({
      dispatches: times.flatMap((t) => t.dispatches),
      gpuMs: sum(times.map((t) => t.gpuMs)),
      wallMs: Math.max(...times.map((t) => t.wallMs)), // of a whole step, whichever plan was timed in it
    });
  }
  const stepMs = median(wholes), rowMs = await stepsInARow(training, stepMs, k);
  const gpuMs = median(rounded.map((times) => times.gpuMs));
  const wallMs = median(rounded.map((times) => times.wallMs));
  const dispatches = rounded[0].dispatches.map((dispatch, i) => ({
    ...dispatch,
    ms: median(rounded.map((times) => times.dispatches[i].ms)),
  }));
  const group = grouping(peaks, precision === "mixed" ? peaks.f16 ?? peaks.f32 : peaks.f32);
  const byKernel = group(dispatches, ({ kernel }) => ({ kernel, what: "" }));
  const rows = group(
    dispatches,
    by === "layer"
      ? ({ label, kernel }) => ({ kernel: "", what: layerOf(label, kernel) })
      : ({ kernel, shapes }) => ({ kernel, what: shapeClass(shapes) }),
  );
  const [total] = group(dispatches, () => ({ kernel: "all dispatches", what: "" }));
  const bounds = group(dispatches, ({ flops }) => ({ kernel: boundOf(flops), what: "" }));
  const flops = sum(dispatches.map((d) => d.flops)), bytes = sum(dispatches.map((d) => d.bytes));
  const step = {
    ms: stepMs,
    /** What the GPU's clock has beyond the dispatches' sum; below 0 where passes of their own cost more than that. */
    between_ms: stepMs - total.ms,
    ms_in_a_row: rowMs,
    gflops_per_s: flops / stepMs / 1e6,
    gb_per_s: bytes / stepMs / 1e6,
    images_per_s: 1000 * batch / stepMs,
  };
  if (options.json) {
    const about = {
      adapter: adapter.driver,
      toggles: options.toggles,
      arch,
      px,
      batch,
      hidden,
      out,
      precision,
      load_average: load,
    };
    const shown = { dispatches: total, bounds, kernels: byKernel, rows };
    console.log(JSON.stringify({ ...about, peaks, memory, step, ...shown }));
    return training.close();
  }

  console.log(`opened   ${adapter.driver}${options.toggles === "none" ? "" : `, with ${options.toggles}`}`);
  console.log(`case     ${describeCase(options)}`);
  for (const line of memoryLines(training)) console.log(line);
  console.log(
    `times    medians of ${rounds} steps by the GPU's clock; each of ${dispatches.length} dispatches in a pass of its own`,
  );
  console.log("         GFLOP/s: of convolutions and linear layers; GB/s: whatever a dispatch binds, once");
  console.log(
    `         of peak: of the ${
      precision === "mixed" && peaks.f16 ? "f16" : "f32"
    } product's GFLOP/s where there are any, else of the copy's GB/s`,
  );
  if (adapter.software && load > 1) {
    console.log(
      `         the adapter is this machine's ${navigator.hardwareConcurrency} cores, which were in use before (load ` +
        `average ${digits(load)}):\n         trust the shares, not the milliseconds`,
    );
  }
  console.log("");
  printPeaks(peaks);
  console.log("");
  printTable(TITLES("bound by"), bounds.map((row) => cells(row.kernel, row)));
  console.log("");
  printTable(TITLES("kernel"), byKernel.map((row) => cells(row.kernel, row)));
  console.log("");
  const shown = rows.slice(0, options.top), rest = rows.slice(options.top);
  const widest = Math.max(...shown.map(({ kernel }) => kernel.length));
  printTable(
    TITLES(by === "layer" ? "layer" : "kernel and operands"),
    shown.map((row) => cells(widest === 0 ? row.what : `${row.kernel.padEnd(widest)}  ${row.what}`, row)),
  );
  if (rest.length > 0) {
    const ms = sum(rest.map((row) => row.ms));
    console.log(`… and ${rest.length} more, ${digits(ms)} ms (${percent(ms / total.ms)}); --top N shows N`);
  }
  console.log("");
  printTable(["", "ms>", "GFLOP/s>", "GB/s>", "images/s>", ""], [
    [
      ...["all dispatches", digits(total.ms), digits(total.gflops_per_s ?? 0), digits(total.gb_per_s)],
      ...[digits(1000 * batch / total.ms), "their sum, each in a pass of its own"],
    ],
    [
      ...["whole step", digits(step.ms), digits(step.gflops_per_s), digits(step.gb_per_s)],
      ...[digits(step.images_per_s), "one pass, as training runs it, without loading the batch"],
    ],
    [
      ...["steps in a row", digits(rowMs), digits(flops / rowMs / 1e6), digits(bytes / rowMs / 1e6)],
      ...[digits(1000 * batch / rowMs), "by the CPU's clock, submitted one after the other"],
    ],
  ]);
  console.log(
    `between dispatches: ${
      (stepMs - total.ms).toFixed(2)
    } ms of a step (its pass less their sum); of ${dispatches.length} dispatches`,
  );
  const memoryBound = bounds.find(({ kernel }) => kernel === boundOf(0));
  if (memoryBound && !adapter.software) {
    console.log(
      `bound by memory: at ${percent(memoryBound.of_peak)} of the copy's bandwidth, target at least ${
        percent(BANDWIDTH_TARGET)
      }: ${memoryBound.of_peak >= BANDWIDTH_TARGET ? "met" : "MISSED"}`,
    );
  }
  if (wallMs < 0.9 * gpuMs || wallMs > 1.1 * gpuMs + 25) {
    console.log(
      `\nThe clocks disagree: ${digits(gpuMs)} ms from first to last dispatch by the GPU's, ${
        digits(wallMs)
      } ms by the ` +
        "CPU's: trust the shares, not the milliseconds",
    );
  }
  training.close();
}

function memoryLines({ step, state }: Training): string[] {
  const { bytes, peakBytes, unsharedBytes, tensors, largest } = step.memory;
  const { online, target, optimizer } = state;
  const flat = [
    online.values,
    online.gradients!,
    target.values,
    ...optimizer.buffers.map(([, buffer]) => buffer),
  ];
  const words = sum([...flat, online.statistics, target.statistics].map(({ layout }) => layout.length));
  return [
    `memory   ${mebibytes(bytes)} for ${tensors} tensors, in ${
      step.allPlans.flatMap((plan) => plan.buffers).length
    } buffers; ` +
    `${mebibytes(peakBytes)} of it alive at the busiest dispatch; ${
      mebibytes(unsharedBytes)
    } if none were shared`,
    ...largest
      ? [`         the largest: ${largest.label} ${shapeText(largest.shape)}, ${mebibytes(largest.bytes)}`]
      : [],
    `         ${mebibytes(4 * words)} for parameters, gradients, momentum, target and statistics`,
  ];
}

/** Milliseconds a step, by the CPU's clock, of as many as take a while. */
async function stepsInARow(training: Training, stepMs: number, from: number): Promise<number> {
  const { queue } = training.state.device, steps = Math.max(2, Math.min(50, Math.round(ROW_MS / stepMs)));
  await queue.onSubmittedWorkDone();
  const start = performance.now();
  for (let k = from; k < from + steps; k++) training.replay(k);
  await queue.onSubmittedWorkDone();
  return (performance.now() - start) / steps;
}

const boundOf = (flops: number): string => flops > 0 ? "arithmetic" : "memory";

/** Sums dispatches up by what `key` says of them; the dearest first. */
const grouping = ({ copy }: Peaks, product: Peaks["f32"]) =>
(
  dispatches: readonly DispatchTime[],
  key: (dispatch: DispatchTime) => { kernel: string; what: string },
): Row[] => {
  const groups = Map.groupBy(dispatches, (dispatch) => JSON.stringify(key(dispatch)));
  const whole = sum(dispatches.map(({ ms }) => ms));
  return [...groups].map(([name, members]): Row => {
    const ms = sum(members.map((d) => d.ms)), flops = sum(members.map((d) => d.flops));
    const moved = sum(members.map((d) => d.bytes));
    return {
      ...JSON.parse(name),
      count: members.length,
      ms,
      share: ms / whole,
      gflops_per_s: flops === 0 ? null : flops / ms / 1e6,
      gb_per_s: moved / ms / 1e6,
      of_peak: flops === 0 ? 1000 * moved / ms / copy.per_s : 1000 * flops / ms / product.per_s,
    };
  }).toSorted((a, b) => b.ms - a.ms);
};

const TITLES = (what: string) => [what, "count>", "ms>", "share>", "GFLOP/s>", "GB/s>", "of peak>"];
const cells = (name: string, { count, ms, share, gflops_per_s, gb_per_s, of_peak }: Row): string[] => [
  name,
  String(count),
  digits(ms),
  percent(share),
  digits(gflops_per_s ?? 0),
  digits(gb_per_s),
  percent(of_peak),
];

const shapeText = (shape: readonly number[]): string => shape.join("×");

/** The operands that tell one use of a kernel from another: vectors only where the largest operand is one. */
function shapeClass(shapes: readonly (readonly number[])[]): string {
  const largest = shapes.reduce((a, b) => elementCount(b) > elementCount(a) ? b : a);
  const telling = largest.length > 1 ? shapes.filter(({ length }) => length > 1) : shapes;
  const texts = telling.map(shapeText), last = texts.at(-1)!;
  const others = [...new Set(texts.slice(0, -1))];
  return others.length === 0 ? last : `${others.join(", ")} → ${last}`;
}

/** What is of no layer goes by its kernel: `online.gradients.encoder.bn1.bias` is of `online encoder.bn1`. */
function layerOf(label: string, kernel: string): string {
  const [, role, path] = /^(online|target)\.(?:gradients\.|statistics\.)?(.+)$/.exec(label) ?? [];
  return role ? `${role} ${path.replace(/\.(dWeight\.partial|[^.]+)$/, "")}` : `${label} (${kernel})`;
}
