import { fromFileUrl } from "@std/path";
import { WEBGPU_ENV } from "../setup/webgpu_env.ts";
import type { Finding } from "./finding.ts";
import type { GpuCheck } from "./gpu_check.ts";
import { INSTALL } from "./vulkan.ts";

const CHECK = fromFileUrl(new URL("gpu_check.ts", import.meta.url));
const DEADLINE_MS = 120_000;

/** Opens the GPU in a process of its own and has it compute. */
export async function lookAtGpu(
  { provider, allowSoftware }: { provider: "deno" | "dawn"; allowSoftware: boolean },
): Promise<Finding[]> {
  const { adapter, features = [], limits = {}, kernel, failure } = await runCheck(provider);
  if (!adapter) {
    const found = `no adapter by the provider ${provider}: ${failure}`;
    return [{ what: "adapter", state: "bad", found, advice: INSTALL }];
  }
  const refused = adapter.software && !allowSoftware;
  const gibibytes = (limits.maxBufferSize / 2 ** 30).toFixed(1);
  const findings: Finding[] = [{
    what: "adapter",
    state: refused ? "bad" : adapter.software ? "warning" : "good",
    found:
      `${adapter.driver}${adapter.software ? ", which is a CPU" : ""}; buffers up to ${gibibytes} GiB, ` +
      `features ${features.join(", ") || "none"}`,
    ...(refused
      ? { advice: ["set ALLOW_SOFTWARE_GPU=1 to use it all the same", ...INSTALL] }
      : adapter.software
      ? { advice: ["training is tens of times slower than on a GPU; if this machine has one:", ...INSTALL] }
      : {}),
    details: { ...adapter, features, limits },
  }];
  findings.push(
    kernel
      ? {
        what: "kernels",
        state: "good",
        found: `${kernel.products} products of matrices in a second, ${kernel.gflops.toFixed(1)} GFLOP/s; ` +
          `they differ from float64 by ${kernel.error.toExponential(0)} at most`,
        details: kernel,
      }
      : {
        what: "kernels",
        state: "bad",
        found: `the adapter does not compute what it should: ${failure}`,
        advice: ["try another version of the driver (Mesa 25 or newer)", "try the other GPU_PROVIDER"],
      },
  );
  return findings;
}

/** Who computes jobs in mixed precision by `GPU_PROVIDER=auto`, and why. */
export async function lookAtMixedPrecision(): Promise<Finding> {
  const { adapter, matrices = [], failure } = await runCheck("dawn"), [matrix] = matrices;
  const found = !adapter
    ? `by Deno's own WebGPU: Dawn is not to be had here: ${failure}`
    : !matrix
    ? `by Deno's own WebGPU: ${adapter.description} has no products of matrices by Dawn`
    : `by Dawn on ${adapter.description}, which multiplies matrices of f16, ${matrix.M} × ${matrix.N} × ${matrix.K} at once`;
  const details = { adapter, matrices };
  if (!adapter || !matrix || !failure) return { what: "mixed", state: "good", found, details };
  const advice = ["try another version of the driver", "set GPU_PROVIDER=deno"];
  return {
    what: "mixed",
    state: "bad",
    found: `${found}; but it does not compute: ${failure}`,
    advice,
    details,
  };
}

async function runCheck(provider: string): Promise<GpuCheck> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "--frozen", "--allow-read", "--allow-env"],
      ...["--allow-sys=systemMemoryInfo", ...(provider === "dawn" ? ["--allow-ffi"] : []), CHECK, provider],
    ],
    env: { XDG_RUNTIME_DIR: Deno.env.get("XDG_RUNTIME_DIR") ?? "/tmp", ...WEBGPU_ENV },
    signal: AbortSignal.timeout(DEADLINE_MS),
    stdin: "null",
  });
  const { stdout, stderr, code, signal } = await child.output();
  const last = new TextDecoder().decode(stdout).trim().split("\n").at(-1) ?? "";
  try {
    return JSON.parse(last) as GpuCheck;
  } catch {
    const said = new TextDecoder().decode(stderr).trim().split("\n").at(-1);
    return {
      failure: `the process that tried ended with ${signal ?? `code ${code}`}${said ? `: ${said}` : ""}`,
    };
  }
}
