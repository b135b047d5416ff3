import { createBuffers } from "./allocate.ts";
import type { Capabilities } from "./capabilities.ts";
import { OutOfMemoryError } from "./gpu_error.ts";
import type { PipelineCache } from "./pipeline.ts";
import { type Dispatch, Plan } from "./plan.ts";
import type { KernelSpec } from "./specialize.ts";
import { byteLength, type DType, type Tensor } from "./tensor.ts";

/** Workgroups past this many in x do not fit one dimension of a dispatch; kernels fold y back in. */
export const MAX_WORKGROUPS = 65_535;

interface Recorded {
  kernel: KernelSpec;
  bindings: Tensor[];
  workgroups: readonly [number, number, number];
  label: string;
}

/** Collects the dispatches of a computation. Nothing runs, and nothing is allocated, until `compile` and `replay`. */
export class Recorder {
  readonly #recorded: Recorded[] = [];
  readonly #tensors: Tensor[] = [];
  readonly #constants = new Map<string, { tensor: Tensor; words: Int32Array<ArrayBuffer> }>();

  /** @param capabilities What the ops may choose their kernels by: those of the device that will run them. */
  constructor(readonly capabilities: Capabilities = {}) {}

  /** A tensor that lives as long as the plan; its content is whatever the dispatches write. */
  alloc(label: string, shape: readonly number[], dtype: DType = "f32"): Tensor {
    const tensor: Tensor = { label, shape, dtype };
    this.#tensors.push(tensor);
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
   * @throws {RangeError} If a dimension exceeds 65,535 workgroups or isn't a positive integer.
   */
  dispatch(kernel: KernelSpec, bindings: Tensor[], workgroups: readonly number[]): void {
    const [x = 1, y = 1, z = 1] = workgroups;
    for (const extent of [x, y, z]) {
      if (!Number.isInteger(extent) || extent < 1 || extent > MAX_WORKGROUPS) {
        throw new RangeError(
          `Cannot dispatch ${kernel.name}: workgroups must be 1 … ${MAX_WORKGROUPS} each, got [${workgroups}]`,
        );
      }
    }
    this.#recorded.push({
      kernel,
      bindings,
      workgroups: [x, y, z],
      label: bindings.at(-1)?.label ?? kernel.name,
    });
  }

  /**
   * Allocates what was recorded, compiles the kernels and makes the bind groups.
   *
   * @throws {OutOfMemoryError} If a tensor exceeds the device's binding limit, or the device's memory.
   */
  async compile(pipelines: PipelineCache): Promise<Plan> {
    const { device } = pipelines;
    const limit = Math.min(device.limits.maxStorageBufferBindingSize, device.limits.maxBufferSize);
    for (const tensor of this.#tensors) {
      if (byteLength(tensor) > limit) {
        const reason = `shape [${tensor.shape}], and the device binds at most ${limit} bytes`;
        throw new OutOfMemoryError(tensor.label, byteLength(tensor), reason);
      }
    }
    const compiled = await Promise.all(this.#recorded.map((r) => pipelines.get(r.kernel)));
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const buffers = await createBuffers(
      device,
      this.#tensors.map((tensor) => ({ label: tensor.label, size: Math.max(4, byteLength(tensor)), usage })),
    );
    for (const [i, tensor] of this.#tensors.entries()) tensor.storage = { buffer: buffers[i], offset: 0 };
    const constants = this.#writeConstants(device);
    const dispatches = this.#recorded.map((recorded, i): Dispatch => {
      const pipeline = compiled[i];
      const entries = recorded.bindings.map((tensor, binding) => ({ binding, resource: bindingOf(tensor) }));
      const bindGroup = device.createBindGroup({
        label: `${recorded.kernel.name} ${recorded.label}`,
        layout: pipeline.getBindGroupLayout(0),
        entries,
      });
      return {
        pipeline,
        bindGroup,
        workgroups: recorded.workgroups,
        label: `${recorded.kernel.name} ${recorded.label}`,
      };
    });
    return new Plan(device, dispatches, buffers, constants);
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
