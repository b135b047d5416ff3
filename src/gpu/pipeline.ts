import { bindingLimit } from "./allocate.ts";
import type { Capabilities } from "./capabilities.ts";
import { blame } from "./gpu_error.ts";
import type { Tuner } from "./tuner.ts";
import { type KernelSpec, placeOf, specialize } from "./specialize.ts";

/** Compiles each distinct kernel once per device. */
export class PipelineCache {
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>();
  readonly capabilities: Capabilities;
  constructor(
    readonly device: GPUDevice,
    capabilities: Capabilities = {},
    /** Chooses among kernels; without one, the first is taken. */
    readonly tuner?: Tuner,
  ) {
    this.capabilities = { bindingBytes: bindingLimit(device.limits), ...capabilities };
  }

  /**
   * @throws {Error} If the kernel does not compile: names the kernel and its constants and quotes the compiler, with
   * line numbers that are those of the kernel's file, or of the fragment's.
   * @throws {DeviceLostError} If the device is lost.
   */
  get(spec: KernelSpec): Promise<GPUComputePipeline> {
    const { source, overrides, constants, elem, vector, lib } = spec;
    const key = JSON.stringify([source, overrides, constants, elem, vector, lib]);
    let pipeline = this.#pipelines.get(key);
    if (!pipeline) {
      pipeline = this.#compile(spec);
      this.#pipelines.set(key, pipeline);
    }
    return pipeline;
  }

  async #compile(spec: KernelSpec): Promise<GPUComputePipeline> {
    const { device } = this, code = specialize(spec, this.capabilities);
    device.pushErrorScope("validation"); // else a bad kernel is told twice: here and as an uncaptured error
    const module = device.createShaderModule({ label: spec.name, code });
    const refused = device.popErrorScope();
    try {
      return await device.createComputePipelineAsync({
        label: spec.name,
        layout: "auto",
        compute: { module, entryPoint: "main", constants: spec.overrides ?? {} },
      });
    } catch (cause) {
      const blamed = await blame(device, cause);
      if (blamed !== cause) throw blamed;
      const { overrides, constants, elem, vector } = spec;
      const specialisation = JSON.stringify({
        ...overrides,
        ...constants,
        ...(elem && { Elem: elem }),
        vector,
      });
      const { messages } = await module.getCompilationInfo();
      const errors = messages.filter(({ type }) => type === "error").map((m) => quote(spec, m));
      const reason = errors.join("\n") || (cause instanceof Error ? cause.message : String(cause));
      throw new Error(`Cannot compile kernel ${spec.name} ${specialisation}: ${reason}`, { cause });
    } finally {
      await refused;
    }
  }
}

/** A compiler's message behind its place in its file. Deno's says 1:1 of all and has the place in its text. */
function quote(spec: KernelSpec, { lineNum, linePos, message }: GPUCompilationMessage): string {
  const [, at = lineNum, column = linePos] = message.match(/┌─ .*?:(\d+):(\d+)/) ?? [];
  const { file, line } = placeOf(spec, Number(at));
  return `${file}.wgsl:${line}:${column}: ${message.trim()}`;
}
