import { createBuffers, expectBindable, type SizeLimits } from "./allocate.ts";
import type { ArenaPlan } from "./arena.ts";
import type { Capabilities } from "./capabilities.ts";
import { kernelBindings } from "./kernel_bindings.ts";
import { type MemoryPlan, planMemory } from "./memory.ts";
import type { PipelineCache } from "./pipeline.ts";
import { type Dispatch, Plan } from "./plan.ts";
import type { KernelSpec } from "./specialize.ts";
import type { Candidate } from "./tuner.ts";
import { partsOf } from "./parts.ts";
import { byteLength, type DType, type Tensor } from "./tensor.ts";

/** Workgroups past this many in x do not fit one dimension of a dispatch; kernels fold y back in. */
export const MAX_WORKGROUPS = 65_535;

interface Recorded {
  kernel: KernelSpec;
  bindings: Tensor[];
  workgroups: readonly [number, number, number];
  label: string;
  flops: number;
  tuning?: { shapeClass: string; candidates: readonly Candidate[] };
}

/** Where recordings find what is made once for all of them: `Prepared`. */
export interface Preparation {
  of(label: string, make: (recorder: Recorder) => Tensor): Tensor;
}

/** Collects the dispatches of a computation. Nothing runs, and nothing is allocated, until `compile` and `replay`. */
export class Recorder {
  readonly #recorded: Recorded[] = [];
  readonly #tensors: Tensor[] = [];
  readonly #kept = new Set<Tensor>();
  readonly #constants = new Map<string, { tensor: Tensor; words: Int32Array<ArrayBuffer> }>();

  /**
   * @param capabilities What the ops may choose their kernels by: those of the device that will run them.
   * @param prepared If given, network parameters never change, and what is made of them alone is made there.
   */
  constructor(readonly capabilities: Capabilities = {}, readonly prepared?: Preparation) {}

  /**
   * A tensor that the dispatches write and read. It shares memory with others: what it holds is lost after the last
   * dispatch that binds it, unless it is kept.
   *
   * @param like Of which images it holds something, a row each: it is laid out in parts where that is.
   */
  alloc(label: string, shape: readonly number[], dtype: DType = "f32", like?: Tensor): Tensor {
    const [, ...row] = shape;
    const parts = like?.parts?.map(({ shape: [images] }, i) =>
      this.alloc(`${label}/${i}`, [images, ...row], dtype)
    );
    const tensor: Tensor = parts ? { label, shape, dtype, parts } : { label, shape, dtype };
    if (!parts) this.#tensors.push(tensor);
    return tensor;
  }

  /**
   * A tensor that is made of network parameters alone: here, in every replay, or once where it is prepared.
   *
   * @param make Records how.
   */
  ofParameters(label: string, make: (recorder: Recorder) => Tensor): Tensor {
    return this.prepared ? this.prepared.of(label, make) : make(this);
  }

  /** Keeps what a tensor holds: to be read after a replay, or to carry something from one replay to the next. */
  keep<T extends Tensor>(tensor: T): T {
    for (const part of partsOf(tensor)) this.#kept.add(part.base ?? part);
    return tensor;
  }

  /**
   * Numbers for a kernel's `var<uniform>`, u32 or i32: where shapes should share one pipeline, sizes go here and not
   * into its constants. Equal ones are one.
   */
  constant(words: readonly number[]): Tensor {
    const key = words.join(), known = this.#constants.get(key);
    if (known) return known.tensor;
    const tensor: Tensor = { label: "constants", shape: [words.length], dtype: "u32" };
    this.#constants.set(key, { tensor, words: Int32Array.from(words) });
    return tensor;
  }

  /**
   * Appends one dispatch; `bindings` take @binding(0), 1, … of @group(0) in order.
   *
   * @param work Its floating-point operations, where they and not the bytes it moves bound it; profiles show them.
   * @throws {RangeError} If a dimension exceeds 65,535 workgroups or isn't a positive integer, or if the kernel declares
   *   another number of bindings. @throws {TypeError} If one lies in parts, or is a window.
   */
  dispatch(
    kernel: KernelSpec,
    bindings: Tensor[],
    workgroups: readonly number[],
    { flops = 0 }: { flops?: number } = {},
  ): void {
    const [x = 1, y = 1, z = 1] = workgroups;
    expectGrid({ kernel, workgroups });
    const access = kernelBindings(kernel.source);
    if (access.length !== bindings.length) {
      throw new RangeError(
        `Cannot dispatch ${kernel.name}: it has ${access.length} bindings, got ${bindings.length}`,
      );
    }
    const cut = bindings.find(({ parts, start }) => parts || start !== undefined);
    if (cut) throw new TypeError(`Cannot dispatch ${kernel.name} over ${cut.label}: it lies in parts`);
    const label = bindings.findLast((_, i) => access[i] === "write")?.label ?? kernel.name;
    this.#recorded.push({ kernel, bindings, workgroups: [x, y, z], label, flops });
  }

  /**
   * Appends one dispatch that can be done in several ways, which make the same bits: the first, unless the device has been
   * found to be faster at another.
   *
   * @param shapeClass What, beside the kernel, decides which way is the fastest.
   * @param bindings Each way takes as many of the first ones as it declares; none takes more than the first way.
   */
  dispatchTuned(
    shapeClass: string,
    candidates: readonly Candidate[],
    bindings: Tensor[],
    work?: { flops?: number },
  ): void {
    const [{ kernel, workgroups }] = candidates;
    candidates.forEach(expectGrid);
    this.dispatch(kernel, bindings.slice(0, kernelBindings(kernel.source).length), workgroups, work);
    this.#recorded.at(-1)!.tuning = { shapeClass, candidates };
  }

  /**
   * What the recording will take of a device's memory. Allocates nothing.
   *
   * @throws {OutOfMemoryError} If a tensor, the recording's own or another, exceeds what the device binds.
   */
  memory(limits: SizeLimits): MemoryPlan {
    return this.#plan(limits).memory;
  }

  #plan(limits: SizeLimits): { arena: ArenaPlan; memory: MemoryPlan } {
    const bound = new Set([...this.#tensors, ...this.#recorded.flatMap(({ bindings }) => bindings)]);
    for (const tensor of bound) expectBindable(limits, tensor);
    const uses = this.#recorded.map(({ kernel, bindings }) => ({
      bindings,
      access: kernelBindings(kernel.source),
    }));
    return planMemory(this.#tensors, uses, this.#kept, limits.maxBufferSize);
  }

  /**
   * Allocates what was recorded, compiles the kernels and makes the bind groups.
   *
   * @throws {OutOfMemoryError} If a tensor exceeds the device's binding limit, or the device's memory.
   */
  async compile(pipelines: PipelineCache): Promise<Plan> {
    const { device } = pipelines, { arena, memory } = this.#plan(device.limits);
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const slabs = await createBuffers(
      device,
      arena.slabBytes.map((size, i) => ({ label: `arena ${i}`, size, usage })),
    );
    for (const [i, tensor] of this.#tensors.entries()) {
      const { slab, offset } = arena.placements[i];
      tensor.storage = { buffer: slabs[slab], offset };
    }
    const constants = this.#writeConstants(device);
    const entries = this.#recorded.map(({ bindings }) =>
      bindings.map((tensor, binding) => ({ binding, resource: bindingOf(tensor) }))
    );
    const { tuner } = pipelines;
    await tuner?.tune(
      pipelines,
      this.#recorded.flatMap(({ tuning, flops }, i) =>
        tuning ? [{ ...tuning, flops, entries: entries[i] }] : []
      ),
    );
    const dispatches = await Promise.all(this.#recorded.map(async (recorded, i): Promise<Dispatch> => {
      const { bindings, label, flops } = recorded;
      const { kernel, workgroups } = (recorded.tuning && tuner?.choose(recorded.tuning)) ?? recorded;
      const pipeline = await pipelines.get(kernel);
      return {
        pipeline,
        bindGroup: device.createBindGroup({
          label: `${kernel.name} ${label}`,
          layout: pipeline.getBindGroupLayout(0),
          entries: entries[i].slice(0, kernelBindings(kernel.source).length),
        }),
        workgroups: [workgroups[0], workgroups[1] ?? 1, workgroups[2] ?? 1],
        kernel: kernel.name,
        label,
        shapes: bindings.map(({ shape }) => shape),
        flops,
        bytes: [...new Set(bindings)].reduce((sum, tensor) => sum + byteLength(tensor), 0),
      };
    }));
    return new Plan(device, dispatches, memory, slabs, constants);
  }

  /** All constants in one buffer, each at an offset that a uniform binding may start at. */
  #writeConstants(device: GPUDevice): GPUBuffer | undefined {
    if (this.#constants.size === 0) return undefined;
    const step = device.limits.minUniformBufferOffsetAlignment;
    const strides = [...this.#constants.values()].map(({ tensor }) =>
      Math.ceil(byteLength(tensor) / step) * step
    );
    const buffer = device.createBuffer({
      label: "constants",
      size: strides.reduce((a, b) => a + b, 0),
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
    let offset = 0;
    for (const [i, { tensor, words }] of [...this.#constants.values()].entries()) {
      device.queue.writeBuffer(buffer, offset, words);
      tensor.storage = { buffer, offset };
      offset += strides[i];
    }
    return buffer;
  }
}

function expectGrid({ kernel, workgroups }: Candidate): void {
  if (workgroups.some((extent) => !Number.isInteger(extent) || extent < 1 || extent > MAX_WORKGROUPS)) {
    throw new RangeError(
      `Cannot dispatch ${kernel.name}: workgroups must be 1 … ${MAX_WORKGROUPS} each, got [${workgroups}]`,
    );
  }
}

function bindingOf(tensor: Tensor): GPUBufferBinding {
  if (!tensor.storage) {
    throw new TypeError(`Cannot bind ${tensor.label}: it belongs to a plan that is not compiled`);
  }
  return {
    buffer: tensor.storage.buffer,
    offset: tensor.storage.offset,
    size: Math.max(4, byteLength(tensor)),
  };
}

/** A one-dimensional grid folded into x and y where it exceeds one dimension's limit; kernels fold it back. */
export function foldGrid(workgroups: number): [number, number] {
  const y = Math.ceil(workgroups / MAX_WORKGROUPS);
  return [Math.ceil(workgroups / y), y];
}
