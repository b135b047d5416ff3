import { fromFileUrl } from "@std/path";
import type { StepCase } from "./cases.ts";

const SCRIPT = fromFileUrl(new URL("../../../shared/peers/torch_byol.py", import.meta.url));

/** A step as PyTorch is to take it. */
export interface TorchCase extends StepCase {
  device: "cpu" | "cuda";
  precision: "fp32" | "tf32" | "bf16";
  /** Of a CPU. */
  threads: number;
  /** Where torch_byol.py is; by default where the project's notes bring it. */
  script?: string;
}

/**
 * PyTorch's whole step, by torch_byol.py, where that and a python3 with torch are at hand. Its threads are told by
 * OMP_NUM_THREADS: of itself, a PyTorch 1.13 without MKL, as Debian's is, takes half of the processors
 * (`intraop_default_num_threads` halves `hardware_concurrency`), so one thread of two cores.
 *
 * @returns Undefined where it cannot be run.
 */
export async function findTorch(
  { arch, px, batch, hidden, out, device, precision, threads, script = SCRIPT }: TorchCase,
): Promise<{ name: string; ms: () => Promise<number> } | undefined> {
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
  for (const python of ["python3", "/usr/bin/python3"]) {
    const ask = async (): Promise<{ ms: number; peer: string; device: string } | undefined> => {
      try {
        const { success, stdout } = await new Deno.Command(python, {
          args,
          env: { OMP_NUM_THREADS: String(threads) },
          stderr: "null",
        }).output();
        return success ? JSON.parse(new TextDecoder().decode(stdout)) : undefined;
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return undefined;
        throw error;
      }
    };
    const first = await ask();
    if (first) {
      const on = first.device.replace(/^cpu x(\d+)$/, "cpu, threads: $1");
      return { name: `${first.peer} ${precision} (${on})`, ms: async () => (await ask())!.ms };
    }
  }
}
