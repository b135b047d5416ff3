import type { Capabilities } from "./capabilities.ts";
import type { Tuner } from "./tuner.ts";
import { type KernelSpec, specialize } from "./specialize.ts";

/** Compiles each distinct kernel once per device. */
export class PipelineCache {
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>();
  constructor(
    readonly device: GPUDevice,
    readonly capabilities: Capabilities = {},
    /** Chooses among kernels; without one, the first is taken. */
    readonly tuner?: Tuner,
  ) {}

  /**
   * @throws {Error} If the kernel does not compile: names the kernel and its constants and quotes the compiler, whose
   * line numbers are those of the kernel's file.
   */
  get(spec: KernelSpec): Promise<GPUComputePipeline> {
    const key = JSON.stringify([
      spec.source,
      spec.overrides,
      spec.constants,
      spec.elem,
      spec.vector,
      spec.lib,
    ]);
    let pipeline = this.#pipelines.get(key);
    if (!pipeline) {
      pipeline = this.#compile(spec);
      this.#pipelines.set(key, pipeline);
    }
    return pipeline;
  }

  async #compile(spec: KernelSpec): Promise<GPUComputePipeline> {
    const code = specialize(spec, this.capabilities);
    const module = this.device.createShaderModule({ label: spec.name, code });
    try {
      return await this.device.createComputePipelineAsync({
        label: spec.name,
        layout: "auto",
        compute: { module, entryPoint: "main", constants: spec.overrides ?? {} },
      });
    } catch (cause) {
      const { overrides, constants, elem, vector } = spec;
      const specialisation = JSON.stringify({
        ...overrides,
        ...constants,
        ...(elem && { Elem: elem }),
        vector,
      });
      const messages = (await module.getCompilationInfo()).messages
        .map((m) => `${m.lineNum}:${m.linePos} ${m.message}`).join("\n");
      const reason = messages || (cause instanceof Error ? cause.message : String(cause));
      throw new Error(`Cannot compile kernel ${spec.name} ${specialisation}: ${reason}`, { cause });
    }
  }
}
