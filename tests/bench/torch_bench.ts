import { fromFileUrl } from "@std/path";
import { digits, mebibytes, median, printTable } from "./figures.ts";
import { togglesOf } from "./gpu_choice.ts";
import { type OptionValues, UsageError } from "./options.ts";
import { largestBatch } from "./step_state.ts";
import { findTorch, TORCH_PRECISIONS, TORCH_SCRIPT } from "./torch_peer.ts";
import { OurTurns, type Turns } from "./turns.ts";
import { openBench } from "./training.ts";

export const TORCH_OPTIONS = {
  what: {
    about: "a training step, or a frozen encoder's forward",
    default: "step",
    choices: ["step", "embed"],
  },
  arch: { about: "the encoder", default: "resnet50" },
  px: { about: "the views' width and height in pixels", default: 224 },
  batches: {
    about: "images of a step, by comma; largest is what fits all of ours, as planned",
    default: "64",
  },
  hidden: { about: "the heads' hidden width", default: 4096 },
  out: { about: "the projection's length", default: 256 },
  precisions: { about: "ours, by comma: f32, mixed; an encoder embeds in f32", default: "f32" },
  providers: { about: "whose WebGPU, by comma: env (GPU_PROVIDER's), deno, dawn", default: "env" },
  toggles: {
    about: "Dawn with and without: sets by comma, the names in each by +; bench peaks --help has them",
    default: "none",
  },
  torch: { about: "PyTorch's precisions, by comma: fp32, tf32, bf16; or none", default: "fp32,tf32,bf16" },
  device: { about: "where PyTorch computes", default: "cuda", choices: ["cuda", "cpu"] },
  threads: { about: "PyTorch's threads on a CPU", default: navigator.hardwareConcurrency },
  python: { about: "a Python that has torch", default: "python3" },
  script: { about: "where torch_byol.py is", default: TORCH_SCRIPT },
  rounds: { about: "turns that each gets; medians are compared", default: 3 },
  limit: { about: "seconds after which no second or later turn begins", default: 480 },
} as const;
type Values = OptionValues<typeof TORCH_OPTIONS>;

/** What a mixed step is to reach, of PyTorch's on the same card. */
const TARGETS: Readonly<Record<string, number>> = { bf16: 0.5, tf32: 1 };

/**
 * A whole step, or a frozen encoder, beside PyTorch's. Each turn is a process of its own, so that no two share a card's
 * memory; compiling is not timed. Whoever cannot take part is named, with the reason, and left out.
 */
export async function torch(options: Values): Promise<void> {
  const ours = ourTurns(options), precisions = torchPrecisions(options.torch);
  const batches = options.batches.split(",").map((batch) => {
    if (batch !== "largest" && !(Number.isInteger(Number(batch)) && Number(batch) >= 1)) {
      throw new UsageError(
        `Cannot use --batches: must be whole numbers of at least 1, or largest, got ${JSON.stringify(batch)}`,
      );
    }
    return batch;
  });
  if (options.what === "embed" && batches.includes("largest")) {
    throw new UsageError(
      "Cannot use --batches: an encoder takes images in batches of its own, so none is the largest",
    );
  }
  const start = performance.now(), directory = await Deno.makeTempDir({ dir: results, prefix: "tuning-" });
  try {
    for (const [i, word] of batches.entries()) {
      const batch = word === "largest" ? await largestOfAll(options, ours) : Number(word);
      if (batch === undefined) continue;
      const deadline = start + 1000 * options.limit * (i + 1) / batches.length;
      await compare(options, batch, ours, precisions, deadline, directory);
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
const results = fromFileUrl(new URL("./results", import.meta.url));

async function compare(
  options: Values,
  batch: number,
  ours: readonly OurTurns[],
  precisions: readonly typeof TORCH_PRECISIONS[number][],
  deadline: number,
  directory: string,
): Promise<void> {
  const { what, arch, px, hidden, out, rounds, threads, python, script } = options;
  const shape = { arch, px, batch, hidden, out }, embed = what === "embed";
  const device = options.device as "cuda" | "cpu";
  const name = `${embed ? "embedding" : "BYOL step"}, ${arch}, ${px} px, batch ${batch}`;
  console.log(`case     ${name}${embed ? "" : `, heads ${hidden}/${out}, LARS, ready views`}`);
  const leftOut = (who: string, why: string) => console.log(`left out ${who}: ${why}`);
  const turns: Turns[] = ours.map((variant) => variant.turns(shape, what as "step", directory));
  for (const precision of precisions) {
    const peer = await findTorch({ ...shape, device, threads, python, script, embed, precision });
    if (typeof peer === "string") leftOut(`PyTorch ${precision} on ${device}`, peer);
    else turns.push({ name: peer.name, precision, ms: () => peer.ms() });
  }
  const times = new Map<Turns, number[]>(turns.map((turn) => [turn, []]));
  for (let round = 0; round < rounds && (round === 0 || performance.now() < deadline); round++) {
    for (const [turn, ms] of [...times]) {
      if (round > 0 && performance.now() >= deadline) break;
      try {
        ms.push(await turn.ms());
        console.log(`turn ${round + 1}   ${turn.name}: ${digits(ms.at(-1)!)} ms`);
      } catch (error) {
        leftOut(turn.name, (error as Error).message);
        times.delete(turn);
      }
    }
  }
  report(name, batch, [...times], device === "cuda");
}

/**
 * A table: everyone's images a second, and against the first of ours and each of PyTorch's precisions; then the targets,
 * which are for PyTorch on the GPU, then JSON.
 */
function report(name: string, batch: number, times: [Turns, number[]][], onGpu: boolean): void {
  const rows = times.map(([turn, ms]) => {
    const own = median(ms);
    return { ...turn, turns: ms.length, own, rate: 1000 * batch / own };
  });
  const peers = rows.filter(({ precision }) => precision !== undefined);
  if (rows.length === 0) return console.log("nobody could take part\n");
  console.log("");
  printTable([
    "",
    "turns>",
    "ms>",
    "images/s>",
    "× first>",
    ...peers.map(({ precision }) => `× ${precision}>`),
  ], [
    ...rows.map(({ name, turns, own, rate }) => [
      ...[name, String(turns), digits(own), digits(rate), digits(rate / rows[0].rate)],
      ...peers.map((peer) => digits(rate / peer.rate)),
    ]),
  ]);
  const [best] = rows.filter(({ mixed }) => mixed).toSorted((a, b) => a.own - b.own);
  for (const peer of best && onGpu ? peers : []) {
    const target = TARGETS[peer.precision!], ratio = best.rate / peer.rate;
    if (target === undefined) continue;
    const verdict = ratio >= target ? "met" : "MISSED";
    console.log(
      `${best.name} at ${digits(ratio)} × ${peer.precision}, target at least ${target}: ${verdict}`,
    );
  }
  console.log("");
  for (const { name: contender, own, rate, turns, precision } of rows) {
    const ratios = Object.fromEntries(peers.map((peer) => [peer.precision!, rate / peer.rate]));
    console.log(JSON.stringify({
      ...{ case: name, contender, ms: own, images_per_s: rate, turns },
      ...precision === undefined && { ratios },
    }));
  }
  console.log("");
}

function ourTurns({ what, providers, precisions, toggles }: Values): OurTurns[] {
  const listed = (option: string, value: string, accepted: readonly string[]): string[] => {
    const words = value.split(",");
    for (const word of words) {
      if (accepted.includes(word)) continue;
      throw new UsageError(
        `Cannot use --${option}: must be of ${accepted.join(", ")}, got ${JSON.stringify(word)}`,
      );
    }
    return words;
  };
  const sets = toggles.split(",");
  for (const set of sets) togglesOf(set, "+");
  const stored = listed("precisions", precisions, ["f32", "mixed"]);
  if (what === "embed" && stored.includes("mixed")) {
    throw new UsageError("Cannot use --precisions: an encoder embeds in f32, got mixed");
  }
  const opened = listed("providers", providers, ["env", "deno", "dawn"]);
  if (sets.some((set) => set !== "none") && !opened.includes("dawn")) {
    throw new UsageError(
      `Cannot use --toggles: they are Dawn's, so --providers must have dawn, got ${providers}`,
    );
  }
  return opened.flatMap((provider) =>
    stored.flatMap((precision) =>
      (provider === "dawn" ? sets : ["none"]).map((set) => new OurTurns(provider, precision, set))
    )
  );
}

function torchPrecisions(words: string): (typeof TORCH_PRECISIONS[number])[] {
  return (words === "none" ? [] : words.split(",")).map((word) => {
    const precision = TORCH_PRECISIONS.find((known) => known === word);
    if (precision) return precision;
    throw new UsageError(
      `Cannot use --torch: must be none, or of ${TORCH_PRECISIONS.join(", ")}, got ${JSON.stringify(word)}`,
    );
  });
}

/** The least of what fits each of ours, so that all take the same; undefined, and said, where one fits none. */
async function largestOfAll({ arch, px, hidden, out }: Values, ours: readonly OurTurns[]) {
  let least: number | undefined;
  for (const variant of ours.filter(({ toggles }) => toggles === "none")) {
    const bench = await openBench(variant.choice);
    const found = await largestBatch(bench, { arch, px, hidden, out, precision: variant.precision });
    bench.device.destroy();
    console.log(
      `largest  ${variant.name}: ${
        found ? `batch ${found.batch}, ${mebibytes(found.bytes)} planned` : "none fits"
      }`,
    );
    if (!found) return undefined;
    least = Math.min(least ?? found.batch, found.batch);
  }
  return least;
}
