import type { Capabilities } from "./capabilities.ts";
import { kernelBindings } from "./kernel_bindings.ts";
import { type KernelSpec, specialize } from "./specialize.ts";
import { TimestampQueries } from "./timing.ts";
import { submit } from "./submit.ts";

/** One way to do a dispatch. All ways of one take the same bindings, or the first of them, and make the same bits. */
export interface Candidate {
  kernel: KernelSpec;
  workgroups: readonly number[];
}
/** A dispatch that can be done in several ways, with the buffers that it will use. */
export interface TunedDispatch {
  /** What, beside the kernels' text, decides which way is the fastest. */
  shapeClass: string;
  candidates: readonly Candidate[];
  entries: GPUBindGroupEntry[];
  flops: number;
}
/** What tuning needs of a device: a `PipelineCache`. */
interface Pipelines {
  readonly device: GPUDevice;
  readonly capabilities: Capabilities;
  get(spec: KernelSpec): Promise<GPUComputePipeline>;
}
/** Where choices outlive the process: by dispatch, the candidate's name. */
export interface TuningCache {
  read(): ReadonlyMap<string, string>;
  write(choices: ReadonlyMap<string, string>): void;
}

/** Timed runs of a candidate, the best of which counts; one before them compiles. */
const RUNS = 2;
/** A run is cut to this many operations: enough to fill a device, and a first run tunes in seconds. */
const MAX_FLOPS = 2e10, MAX_SOFTWARE_FLOPS = 1e8;

/**
 * Chooses among the ways to do a dispatch by timing each once on the device. Results do not depend on it: candidates make
 * the same bits.
 */
export class Tuner {
  readonly #choices: Map<string, string>;

  /**
   * @param adapter What a choice holds for: adapter and driver.
   * @param options.measure False takes what the cache knows, and elsewhere the first candidate.
   */
  constructor(
    readonly adapter: string,
    readonly cache: TuningCache,
    readonly options: { measure: boolean; software: boolean },
  ) {
    this.#choices = new Map(cache.read());
  }

  /** The candidate to use: the fastest, where it is known; otherwise the first. */
  choose(dispatch: Pick<TunedDispatch, "shapeClass" | "candidates">): Candidate {
    const name = this.#choices.get(this.#key(dispatch));
    return dispatch.candidates.find((candidate) => nameOf(candidate) === name) ?? dispatch.candidates[0];
  }

  /** Times what is not yet known, and keeps the choices. Does nothing where the device has no timestamps. */
  async tune(pipelines: Pipelines, dispatches: readonly TunedDispatch[]): Promise<void> {
    const { device, capabilities } = pipelines;
    if (!this.options.measure || !capabilities.timestamps) return;
    const unknown = new Map<string, TunedDispatch>();
    for (const dispatch of dispatches) {
      const key = this.#key(dispatch);
      if (dispatch.candidates.length > 1 && !this.#choices.has(key)) unknown.set(key, dispatch);
    }
    if (unknown.size === 0) return;
    for (const [key, dispatch] of unknown) {
      const milliseconds = await this.#time(device, pipelines, dispatch);
      const fastest = milliseconds.indexOf(Math.min(...milliseconds));
      this.#choices.set(key, nameOf(dispatch.candidates[fastest]));
    }
    this.cache.write(this.#choices);
  }

  /** The best time of each candidate, in milliseconds. */
  async #time(device: GPUDevice, pipelines: Pipelines, dispatch: TunedDispatch): Promise<number[]> {
    const { candidates, entries, flops } = dispatch;
    const queries = new TimestampQueries(device, candidates.length * RUNS * 2);
    try {
      const share = Math.min(
        1,
        (this.options.software ? MAX_SOFTWARE_FLOPS : MAX_FLOPS) / Math.max(1, flops),
      );
      const encoder = device.createCommandEncoder({ label: "tuning" });
      for (const [c, { kernel, workgroups: [x, y = 1, z = 1] }] of candidates.entries()) {
        const pipeline = await pipelines.get(kernel);
        const bindGroup = device.createBindGroup({
          label: `tuning ${kernel.name}`,
          layout: pipeline.getBindGroupLayout(0),
          entries: entries.slice(0, kernelBindings(kernel.source).length),
        });
        for (let run = -1; run < RUNS; run++) {
          const at = 2 * (c * RUNS + run);
          const timestampWrites = run < 0 ? undefined : queries.writes(at, at + 1);
          const pass = encoder.beginComputePass({ label: `tuning ${kernel.name}`, timestampWrites });
          pass.setPipeline(pipeline);
          pass.setBindGroup(0, bindGroup);
          pass.dispatchWorkgroups(Math.ceil(x * share), y, z);
          pass.end();
        }
      }
      submit(device, encoder, "tuning");
      const times = await queries.read();
      return candidates.map((_, c) => {
        const runs = Array.from({ length: RUNS }, (_, run) => 2 * (c * RUNS + run));
        return Math.min(...runs.map((at) => times[at + 1] - times[at]));
      });
    } finally {
      queries.destroy();
    }
  }

  #key({ shapeClass, candidates }: Pick<TunedDispatch, "shapeClass" | "candidates">): string {
    const texts = candidates.map((candidate) => `${nameOf(candidate)} ${specialize(candidate.kernel)}`).join(
      "\n",
    );
    return `${this.adapter} | ${shapeClass} | ${fingerprint(texts)}`;
  }
}

/** What a candidate is called in the cache. */
function nameOf({ kernel: { name, overrides, constants, elem } }: Candidate): string {
  return `${name} ${JSON.stringify({ ...overrides, ...constants, ...(elem && { Elem: elem }) })}`;
}

const fingerprints = new Map<string, string>();
/** FNV-1a over 64 bits: tells texts apart, keeps no secret. */
function fingerprint(text: string): string {
  let known = fingerprints.get(text);
  if (known === undefined) {
    let hash = 0xcbf29ce484222325n;
    for (let i = 0; i < text.length; i++) {
      hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(i))) * 0x100000001b3n);
    }
    known = hash.toString(16).padStart(16, "0");
    fingerprints.set(text, known);
  }
  return known;
}
