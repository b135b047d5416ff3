import { DomainError } from "../domain/errors.ts";
import type { Dispatch, Plan } from "./plan.ts";
import { submit } from "./submit.ts";

/** What one dispatch took, with what the recording knows of it. */
export interface DispatchTime extends Pick<Dispatch, "kernel" | "label" | "shapes" | "flops" | "bytes"> {
  ms: number;
}
export interface PlanTimes {
  /** In the plan's order. */
  dispatches: DispatchTime[];
  /** From the first dispatch's begin to the last one's end, by the GPU's clock. */
  gpuMs: number;
  /** From submitting to having read the clock, by the CPU's: a GPU's clock that ticks otherwise is found out by it. */
  wallMs: number;
}

/** WebGPU's limit on a query set. */
const MAX_QUERIES = 4096;
const BYTES_PER_QUERY = 8;

/**
 * Times every dispatch of a plan by the GPU's own clock: each becomes a compute pass of its own. Figures are medians
 * over `rounds` replays, after one that is not counted (drivers compile in it). The buffers hold afterwards what as
 * many plain replays would have left.
 *
 * @param replay Submits the plan once, as its owner does (a step clears its gradients first); by default
 *   `plan.replay()`.
 * @throws {DomainError} `unavailable`, where the device was opened without timestamp queries.
 * @throws {RangeError} If `rounds` isn't a positive integer.
 */
export async function timePlan(
  plan: Plan,
  { rounds = 5, replay = () => plan.replay() }: { rounds?: number; replay?: () => void } = {},
): Promise<PlanTimes> {
  const { device, dispatches } = plan;
  requireTimestamps(device);
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new RangeError(`Cannot time a plan: rounds must be a positive integer, got ${rounds}`);
  }
  const queries = new TimestampQueries(device, 2 * dispatches.length);
  const times: Float64Array[] = [], walls: number[] = [];
  try {
    plan.timestampsOf = (i) => queries.writes(2 * i, 2 * i + 1);
    for (let round = 0; round <= rounds; round++) {
      const start = performance.now();
      replay();
      const read = await queries.read();
      if (round === 0) continue;
      times.push(read);
      walls.push(performance.now() - start);
    }
  } finally {
    plan.timestampsOf = undefined;
    queries.destroy();
  }
  return {
    dispatches: dispatches.map(({ kernel, label, shapes, flops, bytes }, i) => ({
      ...{ kernel, label, shapes, flops, bytes },
      ms: median(times.map((t) => Math.max(0, t[2 * i + 1] - t[2 * i]))),
    })),
    gpuMs: dispatches.length === 0 ? 0 : median(times.map((t) => t[t.length - 1] - t[0])),
    wallMs: median(walls),
  };
}

/** Places where passes write the GPU's clock, as many as wanted: in as many query sets as it takes. */
export class TimestampQueries {
  readonly #sets: GPUQuerySet[] = [];
  readonly #resolved: GPUBuffer;
  readonly #staging: GPUBuffer;

  /** @throws {DomainError} `unavailable`, where the device was opened without timestamp queries. */
  constructor(readonly device: GPUDevice, readonly count: number) {
    requireTimestamps(device);
    for (let left = count; left > 0; left -= MAX_QUERIES) {
      const options = { type: "timestamp", count: Math.min(left, MAX_QUERIES) } as const;
      this.#sets.push(device.createQuerySet({ label: "timestamps", ...options }));
    }
    const size = Math.max(1, count) * BYTES_PER_QUERY;
    const buffer = (label: string, usage: number) => device.createBuffer({ label, size, usage });
    this.#resolved = buffer("timestamps", GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC);
    this.#staging = buffer("timestamps readback", GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST);
  }

  /** @param begin, end The queries that a pass writes: an even number and the next one, so that one set holds both. */
  writes(begin: number, end: number): GPUComputePassTimestampWrites {
    return {
      querySet: this.#sets[Math.floor(begin / MAX_QUERIES)],
      beginningOfPassWriteIndex: begin % MAX_QUERIES,
      endOfPassWriteIndex: end % MAX_QUERIES,
    };
  }

  /**
   * Milliseconds since the first query. Waits for all submitted work.
   *
   * @param written Queries that passes have written, from the first; all by default.
   */
  async read(written = this.count): Promise<Float64Array> {
    const encoder = this.device.createCommandEncoder({ label: "timestamps" });
    for (const [i, set] of this.#sets.entries()) {
      const from = i * MAX_QUERIES, count = Math.min(set.count, written - from);
      if (count > 0) encoder.resolveQuerySet(set, 0, count, this.#resolved, from * BYTES_PER_QUERY);
    }
    encoder.copyBufferToBuffer(this.#resolved, 0, this.#staging, 0, this.#staging.size);
    submit(this.device, encoder, "timestamps");
    await this.#staging.mapAsync(GPUMapMode.READ);
    // The whole numbers exceed 2^53 nanoseconds after three months: differences come first.
    const nanoseconds = new BigInt64Array(this.#staging.getMappedRange().slice(0), 0, written);
    this.#staging.unmap();
    return Float64Array.from(nanoseconds, (value) => Number(value - nanoseconds[0]) / 1e6);
  }

  destroy(): void {
    for (const set of this.#sets) set.destroy();
    this.#resolved.destroy();
    this.#staging.destroy();
  }
}

function requireTimestamps(device: GPUDevice): void {
  if (!device.features.has("timestamp-query")) {
    throw new DomainError(
      "unavailable",
      "Cannot time dispatches: this adapter, or the way it was opened, offers no timestamp queries",
    );
  }
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1];
