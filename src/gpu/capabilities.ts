/** What an adapter offers beyond WebGPU's core: kernels are chosen by it, results are not changed. */
export interface Capabilities {
  /** Lanes of every subgroup, where subgroup operations may be used and the adapter has one size only. */
  subgroupSize?: number;
  /** The GPU's clock can be read before and after a pass: profiling needs it. */
  timestamps?: boolean;
}
