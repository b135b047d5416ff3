/** What an adapter offers beyond WebGPU's core: kernels are chosen by it, results are not changed. */
export interface Capabilities {
  /** Lanes of every subgroup, where subgroup operations may be used and the adapter has one size only. */
  subgroupSize?: number;
  /** Whether WGSL must say `enable subgroups;`: Dawn demands the line, Deno's naga refuses it. */
  enableSubgroups?: boolean;
  /** Whether WGSL may say how many lanes a kernel's subgroups have, where the adapter has several sizes; Dawn's alone. */
  subgroupSizeControl?: boolean;
  /** The products of small matrices that a subgroup makes at once (tensor cores), of f16 with f32 sums; Dawn's alone. */
  matrices?: readonly MatrixShape[];
  /** Lanes of the subgroups that make them. */
  matrixSubgroupSize?: number;
  /** f16 in kernels and in their buffers. */
  shaderF16?: boolean;
  /** Bytes of memory that a workgroup may take, and its invocations; WebGPU's defaults, 16,384 and 256, where not told. */
  maxWorkgroupBytes?: number;
  maxWorkgroupInvocations?: number;
  /** Bytes that a binding takes. What exceeds them is laid out in parts, whose sums are rounded in another order. */
  bindingBytes?: number;
  /** GPU timestamps, which profiles are made of. */
  timestamps?: boolean;
}

/** `[M, K] · [K, N]`, added to `[M, N]`. */
export interface MatrixShape {
  M: number;
  N: number;
  K: number;
}
