import type { GpuProvider } from "../../src/gpu/provider.ts";
import { UsageError } from "./options.ts";

/** Which implementation of WebGPU a bench opens, and how. */
export interface GpuChoice {
  /** GPU_PROVIDER's, if it is not given. */
  provider?: GpuProvider;
  /** Of Dawn's, switched on. */
  toggles?: readonly string[];
}

/**
 * Those of Dawn's toggles that may change how fast a kernel is, or how soon it is submitted; all have a name in
 * https://dawn.googlesource.com/dawn/+/refs/heads/main/src/dawn/native/Toggles.cpp. Dawn says nothing to a name that it
 * does not know, so others are refused here.
 */
export const TOGGLES: Readonly<Record<string, string>> = {
  disable_robustness: "no index of a buffer is kept within it",
  enable_integer_range_analysis_in_robustness: "an index that is seen to be within a buffer is let be",
  vulkan_use_buffer_robust_access_2: "the driver keeps indices within buffers, where it can",
  vulkan_use_cooperative_matrix_robust_access:
    "the driver keeps loads of matrices within buffers, where it can",
  disable_workgroup_init: "workgroup memory is not zeroed",
  disable_polyfills_on_integer_div_and_mod: "a division by zero is whatever the GPU makes of it",
  use_vulkan_memory_model: "SPIR-V's Vulkan memory model",
  skip_validation: "what is encoded and submitted is not checked",
};

export const GPU_OPTIONS = {
  provider: {
    about: "whose WebGPU: env is what GPU_PROVIDER says",
    default: "env",
    choices: ["env", "deno", "dawn"],
  },
  toggles: { about: `Dawn's, switched on, by comma: ${Object.keys(TOGGLES).join(", ")}`, default: "none" },
} as const;

/** @throws {UsageError} If there are toggles for another provider than Dawn, or one is not known. */
export function gpuChoice({ provider, toggles }: { provider: string; toggles: string }): GpuChoice {
  const names = togglesOf(toggles, ",");
  if (names.length > 0 && provider !== "dawn") {
    throw new UsageError(
      `Cannot use --toggles: they are Dawn's, so --provider must be dawn, got ${provider}`,
    );
  }
  return { provider: provider === "env" ? undefined : provider as GpuProvider, toggles: names };
}

/** The names of a set of toggles; of `none`, no name. @throws {UsageError} If one is not known. */
export function togglesOf(set: string, separator: string): string[] {
  const names = set === "none" ? [] : set.split(separator);
  for (const name of names) {
    if (!Object.hasOwn(TOGGLES, name)) {
      throw new UsageError(
        `Cannot use --toggles: must be none, or of ${Object.keys(TOGGLES).join(", ")}, got ${
          JSON.stringify(name)
        }`,
      );
    }
  }
  return names;
}
