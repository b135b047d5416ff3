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
 * @param toggles Dawn's own switches to turn on; they count where it is opened first, once in a process.
 * @throws {Error} If Dawn has no build for this machine or may not be loaded.
 */
export async function openProvider(name: GpuProvider, toggles: readonly string[] = []): Promise<GPU> {
  if (name === "deno") return navigator.gpu;
  if (!dawn) {
    const { create } = await import("webgpu");
    paceImmediates();
    dawn = create([
      // The first lists products of matrices, and changes nothing else.
      `enable-dawn-features=${["allow_unsafe_apis", ...toggles].join(",")}`,
      // Else its clock has steps of 65.5 µs: the whole of many a dispatch, to whoever tunes or profiles.
      "disable-dawn-features=timestamp_quantization",
    ]);
  }
  return dawn;
}

/** What a wait may spin for: short readbacks keep Dawn's latency of a tenth of a millisecond. */
const SPIN_MS = 2;

/**
 * While anything is pending, Dawn asks again and again whether it is done, each time through the global setImmediate:
 * a core is busy for as long as the GPU is, and under `deno test` what each call leaves behind piles up until
 * collecting it takes minutes. Past the first moments of a wait it now asks every millisecond.
 */
function paceImmediates(): void {
  const { setImmediate } = globalThis;
  let began = 0, asking = false;
  const paced = (callback: () => void, ...values: []) => {
    const now = performance.now();
    if (!asking) began = now; // whoever asks again does so from within the last answer
    const ask = () => {
      asking = true;
      try {
        callback(...values);
      } finally {
        asking = false;
      }
    };
    return now - began < SPIN_MS ? setImmediate(ask) : setTimeout(ask, 1);
  };
  globalThis.setImmediate = paced as unknown as typeof setImmediate;
}
