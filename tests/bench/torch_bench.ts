import { ContenderProcess } from "./contender_process.ts";
import { median } from "./figures.ts";
import { type OptionValues, UsageError } from "./options.ts";
import { type Comparison, comparisonLine } from "./peers_bench.ts";
import { findTorch } from "./torch_peer.ts";
import { caseOptions } from "./training.ts";

export const TORCH_OPTIONS = {
  ...caseOptions("resnet50", 224, 64),
  hidden: { about: "the heads' hidden width", default: 4096 },
  out: { about: "the projection's length", default: 256 },
  rounds: { about: "turns that each gets; medians are compared", default: 3 },
  device: { about: "where PyTorch computes", default: "cuda", choices: ["cuda", "cpu"] },
  torch: { about: "PyTorch's precisions, by comma: fp32, tf32, bf16", default: "fp32,tf32,bf16" },
  threads: { about: "PyTorch's threads on a CPU", default: navigator.hardwareConcurrency },
  script: { about: "where torch_byol.py is", default: "../shared/peers/torch_byol.py" },
} as const;

/**
 * A whole step beside PyTorch's, of any encoder and batch. Each turn is a process of its own, so that both never share a
 * card's memory; compiling is not timed.
 */
export async function torch(options: OptionValues<typeof TORCH_OPTIONS>): Promise<void> {
  const { arch, px, batch, hidden, out, precision, rounds, threads, script } = options;
  const shape = { arch, px, batch, hidden, out, precision }, device = options.device as "cuda" | "cpu";
  const precisions = options.torch.split(",");
  const peers = await Promise.all(precisions.map(async (torchPrecision) => {
    if (!["fp32", "tf32", "bf16"].includes(torchPrecision)) {
      throw new UsageError(
        `Cannot use --torch: must be of fp32, tf32 and bf16, got ${JSON.stringify(torchPrecision)}`,
      );
    }
    const found = await findTorch({ ...shape, device, threads, script, precision: torchPrecision as "fp32" });
    if (!found) {
      throw new UsageError(`Cannot run PyTorch on ${device}: no python3 with torch, or no ${script}`);
    }
    return found;
  }));
  const ours: number[] = [], theirs: number[][] = peers.map(() => []);
  for (let round = 0; round < rounds; round++) {
    const process = new ContenderProcess("latentd", "./ours.ts");
    ours.push(await process.ask({ step: shape }));
    await process.end();
    for (const [i, peer] of peers.entries()) theirs[i].push(await peer.ms());
  }
  const rate = (ms: number[]) => (1000 * batch) / median(ms);
  const comparisons = peers.map(({ name }, i): Comparison => ({
    case: `BYOL step, ${arch}, ${px} px, batch ${batch}, ${precision}`,
    ours: rate(ours),
    peer: rate(theirs[i]),
    peer_name: name,
    unit: "images/s",
    ratio: rate(ours) / rate(theirs[i]),
  }));
  for (const comparison of comparisons) console.log(comparisonLine(comparison));
  console.log("");
  for (const comparison of comparisons) console.log(JSON.stringify(comparison));
}
