/** Implementations of WebGPU: Deno's own (wgpu), or Chromium's Dawn as a Node-API module (npm `webgpu`). */
export type GpuProvider = "deno" | "dawn";

/** Dawn's entry, kept here for good: once it is collected, the next call ends the process. */
let dawn: GPU | undefined;

/**
 * The provider's `GPU`. Nothing of Dawn is loaded unless it is asked for; it needs `--allow-ffi`.
 *
 * The package's own globals are left alone: its constants (GPUBufferUsage, GPUMapMode …) have the values of Deno's,
 * and its objects are no instances of Deno's classes, so errors are told apart by their constructor's name.
 *
 * @throws {Error} If Dawn has no build for this machine or may not be loaded.
 */
export async function openProvider(name: GpuProvider): Promise<GPU> {
  if (name === "deno") return navigator.gpu;
  if (!dawn) {
    const { create } = await import("webgpu");
    dawn = create([]);
  }
  return dawn;
}
