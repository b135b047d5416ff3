import { CONV_CASES, convFlops, DIRECTIONS, STEP_CASE } from "./cases.ts";
import { ContenderProcess } from "./contender_process.ts";
import { median } from "./figures.ts";
import type { OptionValues } from "./options.ts";
import { findTorch } from "./torch_peer.ts";

export const PEERS_OPTIONS = {
  rounds: { about: "turns that each contender gets; medians are compared", default: 5 },
  cases: { about: "what is measured", default: "all", choices: ["all", "convolutions", "step"] },
  threads: { about: "PyTorch's threads; as many as there are cores", default: navigator.hardwareConcurrency },
  python: { about: "a Python that has torch", default: "python3" },
} as const;

/** One comparison, as it is kept: `ratio` above 1 says that ours is faster. */
export interface Comparison {
  case: string;
  ours: number;
  peer: number;
  peer_name: string;
  unit: "GFLOP/s" | "images/s";
  ratio: number;
}

/** A comparison as a row of the table that people read. */
export function comparisonLine({ case: name, ours, peer, peer_name, unit, ratio }: Comparison): string {
  const figures = `${ours.toFixed(1).padStart(7)} ${peer.toFixed(1).padStart(7)} ${unit.padEnd(8)}`;
  return `${name.padEnd(44)} ${figures} ${ratio.toFixed(2).padStart(6)} × ${peer_name}`;
}

/** Ours beside the peers: a table, means over the convolutions, and the same as lines of JSON. */
export async function peers(options: OptionValues<typeof PEERS_OPTIONS>): Promise<void> {
  const all: Comparison[] = [];
  await comparePeers(options, (comparison) => {
    all.push(comparison);
    console.log(comparisonLine(comparison));
  });
  for (const peer of new Set(all.map(({ peer_name }) => peer_name))) {
    const ratios = all.filter(({ peer_name, unit }) => peer_name === peer && unit === "GFLOP/s").map((
      { ratio },
    ) => ratio);
    if (ratios.length === 0) continue;
    const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
    console.log(
      `convolutions, geometric mean: ${mean.toFixed(2)} × ${peer}; least ${Math.min(...ratios).toFixed(2)} ×`,
    );
  }
  console.log("");
  for (const comparison of all) console.log(JSON.stringify(comparison));
}

/**
 * Measures ours and the peers on one adapter, going round them `rounds` times and taking each one's median.
 *
 * @param report Called with each comparison when it is known.
 */
async function comparePeers(
  { rounds, cases, threads, python }: OptionValues<typeof PEERS_OPTIONS>,
  report: (comparison: Comparison) => void,
): Promise<void> {
  const ours = new ContenderProcess("latentd", "./ours.ts");
  const tfjs = new ContenderProcess("tfjs-webgpu 4.22.0", "./tfjs.ts");
  const jaxJs = new ContenderProcess("jax-js 0.1.25", "./jax_js.ts");
  const measure = async (contenders: { name: string; ms: () => Promise<number> }[]): Promise<number[]> => {
    const ms: number[][] = contenders.map(() => []);
    for (let round = 0; round < rounds; round++) {
      for (const [i, contender] of contenders.entries()) ms[i].push(await contender.ms());
    }
    return ms.map(median);
  };
  const compare = (name: string, unit: Comparison["unit"], rates: number[], names: string[]) => {
    for (const [i, peer] of rates.entries()) {
      if (i > 0) {
        report({ case: name, ours: rates[0], peer, peer_name: names[i], unit, ratio: rates[0] / peer });
      }
    }
  };

  for (const [convolution, shape] of cases === "step" ? [] : CONV_CASES.entries()) {
    for (const direction of DIRECTIONS) {
      const contenders = [ours, jaxJs, tfjs].map((process) => ({
        name: process.name,
        ms: () => process.ask({ convolution, direction }),
      }));
      const rates = (await measure(contenders)).map((ms) => convFlops(shape) / ms / 1e6);
      compare(`${shape.name}, ${direction}`, "GFLOP/s", rates, contenders.map(({ name }) => name));
    }
  }

  if (cases !== "convolutions") {
    const torch = await findTorch({ ...STEP_CASE, device: "cpu", precision: "fp32", threads, python });
    const contenders = [ours, tfjs].map((process) => ({
      name: process.name,
      ms: () => process.ask({ step: STEP_CASE }),
    }));
    if (typeof torch === "string") console.log(`PyTorch is left out: ${torch}`);
    else contenders.push(torch);
    const { arch, px, batch } = STEP_CASE;
    const rates = (await measure(contenders)).map((ms) => (1000 * batch) / ms);
    compare(
      `BYOL step, ${arch}, ${px} px, batch ${batch}`,
      "images/s",
      rates,
      contenders.map(({ name }) => name),
    );
  }
  for (const process of [ours, tfjs, jaxJs]) await process.end();
}
