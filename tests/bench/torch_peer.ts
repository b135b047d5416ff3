import { fromFileUrl } from "@std/path";
import type { StepCase } from "./cases.ts";

export const TORCH_SCRIPT = fromFileUrl(new URL("../../../shared/peers/torch_byol.py", import.meta.url));
export const TORCH_PRECISIONS = ["fp32", "tf32", "bf16"] as const;

/** A step as PyTorch is to take it; or, of its encoder, the frozen forward. */
export interface TorchCase extends StepCase {
  device: "cpu" | "cuda";
  precision: typeof TORCH_PRECISIONS[number];
  /** Of a CPU. */
  threads: number;
  /** Whether the frozen encoder's forward is timed instead of a step. */
  embed?: boolean;
  /** Where torch_byol.py is; by default where the project's notes bring it. */
  script?: string;
  /** A Python with torch; /usr/bin/python3 is tried after it. */
  python?: string;
}
export interface TorchPeer {
  name: string;
  /** Milliseconds of a step; the first answer is that of the run that found it. */
  ms(): Promise<number>;
}

/**
 * PyTorch's whole step, by torch_byol.py, where that and a Python with torch are at hand. Its threads are told by
 * OMP_NUM_THREADS: of itself, a PyTorch 1.13 without MKL, as Debian's is, takes half of the processors
 * (`intraop_default_num_threads` halves `hardware_concurrency`), so one thread of two cores.
 *
 * @returns Why not, in a line, where it cannot be run.
 */
export async function findTorch(
  {
    arch,
    px,
    batch,
    hidden,
    out,
    device,
    precision,
    threads,
    embed,
    script = TORCH_SCRIPT,
    python = "python3",
  }: TorchCase,
): Promise<TorchPeer | string> {
  const options = {
    arch,
    px,
    batch,
    projector: `${hidden},${out}`,
    device,
    precision,
    steps: device === "cpu" ? 3 : 10,
  };
  const args = [script, ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])];
  if (embed) args.push("--embed");
  const reasons: string[] = [];
  for (const command of new Set([python, "/usr/bin/python3"])) {
    const found = await ask(command, args, threads);
    if (typeof found === "string") {
      reasons.push(`${command}: ${found}`);
      continue;
    }
    const on = found.device.replace(/^cpu x(\d+)$/, "cpu, threads: $1");
    let first: number | undefined = found.ms;
    const ms = async (): Promise<number> => {
      const known = first ?? await ask(command, args, threads);
      first = undefined;
      if (typeof known === "string") throw new Error(known);
      return typeof known === "number" ? known : known.ms;
    };
    return { name: `${found.peer} ${precision} (${on})`, ms };
  }
  return reasons.join("; ");
}

/** What the script says; or, in a line, why it says nothing. */
async function ask(
  command: string,
  args: string[],
  threads: number,
): Promise<{ ms: number; peer: string; device: string } | string> {
  try {
    const env = { OMP_NUM_THREADS: String(threads) };
    const { success, stdout, stderr } = await new Deno.Command(command, { args, env }).output();
    if (success) return JSON.parse(new TextDecoder().decode(stdout));
    return new TextDecoder().decode(stderr).trim().split("\n").at(-1) || "it failed without a word";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "it is not here";
    throw error;
  }
}
