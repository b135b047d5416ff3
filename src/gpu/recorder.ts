import type { ArenaPlan } from "./arena.ts";
import type { Capabilities } from "./capabilities.ts";
import { kernelBindings } from "./kernel_bindings.ts";
import { type MemoryPlan, planMemory } from "./memory.ts";
import type { PipelineCache } from "./pipeline.ts";
import { type Dispatch, Plan } from "./plan.ts";
import type { KernelSpec } from "./specialize.ts";
import { byteLength, type DType, type Tensor } from "./tensor.ts";

/** Workgroups past this many in x do not fit one dimension of a dispatch; kernels fold y back in. */
export const MAX_WORKGROUPS = 65_535;

/** The limits that a recording must keep to. */
type DeviceLimits = Pick<GPUSupportedLimits, "maxStorageBufferBindingSize" | "maxBufferSize">;

interface Recorded {
  kernel: KernelSpec;
  bindings: Tensor[];
  workgroups: readonly [number, number, number];
  label: string;
  flops: number;
}

/** Collects the dispatches of a computation. Nothing runs, and nothing is allocated, until `compile` and `replay`. */
export class Recorder {
  readonly #recorded: Recorded[] = [];
  readonly #tensors: Tensor[] = [];
  readonly #kept = new Set<Tensor>();
  readonly #constants = new Map<string, { tensor: Tensor; words: Int32Array<ArrayBuffer> }>();

  /** @param capabilities What the ops may choose their kernels by: those of the device that will run them. */
  constructor(readonly capabilities: Capabilities = {}) {}

  /**
   * A tensor that the dispatches write and read. It shares memory with others: what it holds is lost after the last
   * dispatch that binds it, unless it is kept.
   */
  alloc(label: string, shape: readonly number[], dtype: DType = "f32"): Tensor {
    const tensor: Tensor = { label, shape, dtype };
    this.#tensors.push(tensor);
    return tensor;
  }

  /** Keeps what a tensor holds: to be read after a replay, or to carry something from one replay to the next. */
  keep<T extends Tensor>(tensor: T): T {
    this.#kept.add(tensor.base ?? tensor);
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
   *   another number of bindings.
   */
  dispatch(
    kernel: KernelSpec,
    bindings: Tensor[],
    workgroups: readonly number[],
    { flops = 0 }: { flops?: number } = {},
  ): void {
    const [x = 1, y = 1, z = 1] = workgroups;
    for (const extent of [x, y, z]) {
      if (!Number.isInteger(extent) || extent < 1 || extent > MAX_WORKGROUPS) {
        throw new RangeError(
          `Cannot dispatch ${kernel.name}: workgroups must be 1 … ${MAX_WORKGROUPS} each, got [${workgroups}]`,
        );
      }
    }
    const declared = kernelBindings(kernel.source).length;
    if (declared !== bindings.length) {
      throw new RangeError(
        `Cannot dispatch ${kernel.name}: it has ${declared} bindings, got ${bindings.length}`,
      );
    }
    const label = bindings.at(-1)?.label ?? kernel.name;
    this.#recorded.push({ kernel, bindings, workgroups: [x, y, z], label, flops });
  }

  /**
   * What the recording will take of a device's memory. Allocates nothing.
   *
   * @throws {RangeError} If a tensor alone exceeds what the device binds.
   */
  memory(limits: DeviceLimits): MemoryPlan {
    return this.#plan(limits).memory;
  }

  #plan(limits: DeviceLimits): { arena: ArenaPlan; memory: MemoryPlan } {
    const limit = Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize);
    for (const tensor of this.#tensors) {
      if (byteLength(tensor) > limit) {
        throw new RangeError(
          `Cannot allocate ${tensor.label}: the device binds at most ${limit} bytes, got ${
            byteLength(tensor)
          } for shape [${tensor.shape}]`,
        );
      }
    }
    const uses = this.#recorded.map(({ kernel, bindings }) => ({
      bindings,
      access: kernelBindings(kernel.source),
    }));
    return planMemory(this.#tensors, uses, this.#kept, limits.maxBufferSize);
  }

  /**
   * Allocates what was recorded, compiles the kernels and makes the bind groups.
   *
   * @throws {RangeError} If a tensor exceeds the device's binding limit.
   */
  async compile(pipelines: PipelineCache): Promise<Plan> {
    const { device } = pipelines, { arena, memory } = this.#plan(device.limits);
    const compiled = await Promise.all(this.#recorded.map((r) => pipelines.get(r.kernel)));
    const slabs = arena.slabBytes.map((size, i) =>
      device.createBuffer({
        label: `arena ${i}`,
        size,
        usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
      })
    );
    for (const [i, tensor] of this.#tensors.entries()) {
      const { slab, offset } = arena.placements[i];
      tensor.storage = { buffer: slabs[slab], offset };
    }
    const constants = this.#writeConstants(device);
    const dispatches = this.#recorded.map(({ kernel, bindings, workgroups, label, flops }, i): Dispatch => ({
      pipeline: compiled[i],
      bindGroup: device.createBindGroup({
        label: `${kernel.name} ${label}`,
        layout: compiled[i].getBindGroupLayout(0),
        entries: bindings.map((tensor, binding) => ({ binding, resource: bindingOf(tensor) })),
      }),
      workgroups,
      kernel: kernel.name,
      label,
      shapes: bindings.map(({ shape }) => shape),
      flops,
      bytes: bindings.reduce((sum, tensor) => sum + byteLength(tensor), 0),
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
