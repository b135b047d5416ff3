import { assertEquals, assertNotEquals } from "@std/assert";
import type { MatrixShape } from "../../src/gpu/capabilities.ts";
import { PipelineCache } from "../../src/gpu/pipeline.ts";
import type { KernelSpec } from "../../src/gpu/specialize.ts";
import { type Candidate, Tuner } from "../../src/gpu/tuner.ts";
import { memoryTuningCache } from "../../src/gpu/tuning_file.ts";
import emulation from "./emulated_matrices.wgsl" with { type: "text" };
import { gpu, provider } from "./oracle.ts";

/** What makes products of small matrices here: the adapter's own units, or a stand-in for another's. */
export interface MatrixUnits {
  name: string;
  /** Pipelines of kernels that are chosen as on a device that has these. */
  pipelines(tuner?: Tuner): PipelineCache;
}

/** The matrices of devices that no test machine has, and their subgroups. */
const ELSEWHERE: [whose: string, shape: MatrixShape, subgroupSize: number][] = [
  ["NVIDIA's", { M: 16, N: 16, K: 16 }, 32],
  ["Intel's", { M: 8, N: 16, K: 16 }, 16],
  ["Apple's", { M: 8, N: 8, K: 8 }, 32],
];

/**
 * The adapter's own, where it has any, and stand-ins for those of others: there each matrix lies spread over a subgroup's
 * invocations, and is multiplied by loops over workgroup memory. Everything else of a kernel is as it is: loaders, tiles,
 * strides, barriers, what becomes of the sums.
 */
export function matrixUnits(): MatrixUnits[] {
  const { matrices = [], ...others } = gpu.capabilities;
  const own = matrices.map((shape) => ({
    name: `the adapter's ${text(shape)}`,
    pipelines: (tuner?: Tuner) =>
      new PipelineCache(gpu.device, { ...gpu.capabilities, matrices: [shape] }, tuner),
  }));
  const standIns = ELSEWHERE.map(([whose, shape, matrixSubgroupSize]) => ({
    name: `${whose} ${text(shape)}, emulated`,
    pipelines: (tuner?: Tuner) => {
      const capabilities = { ...others, matrices: [shape], matrixSubgroupSize, subgroupSizeControl: false };
      return new EmulatedMatrices(gpu.device, capabilities, tuner);
    },
  }));
  // Dawn is asked for the sake of the adapter's own; loops are the same by any provider.
  return [...own, ...provider === "deno" && gpu.capabilities.shaderF16 ? standIns : []];
}
const text = ({ M, N, K }: MatrixShape) => `${M} × ${N} × ${K}`;

/** Takes the n-th of the tiles that multiply matrices, and counts how many there were. */
export class NthMatrix extends Tuner {
  most = 0;
  used = 0;
  constructor(readonly n: number) {
    super("test", memoryTuningCache(), { measure: false, software: true });
  }
  override choose({ candidates }: { candidates: readonly Candidate[] }): Candidate {
    const ways = candidates.filter(({ kernel }) => kernel.name.includes("_matrix"));
    this.most = Math.max(this.most, ways.length);
    if (this.n >= ways.length) return ways.at(-1) ?? candidates[0];
    this.used++;
    return ways[this.n];
  }
}

/** Compiles kernels that multiply matrices as `emulated` has them, and all others as they are. */
class EmulatedMatrices extends PipelineCache {
  override get(spec: KernelSpec): Promise<GPUComputePipeline> {
    return super.get(spec.name.includes("_matrix") ? emulated(spec) : spec);
  }
}

/** Texts of kernels, and what they become. */
const REWRITTEN: [RegExp, string][] = [
  [/subgroup_matrix_left<f16, K, M>/g, "Operand"],
  [/subgroup_matrix_right<f16, N, K>/g, "Operand"],
  [/subgroup_matrix_result<f32, N, M>/g, "Result"],
  [/subgroupMatrixLoad<\w+, row_major>\(&tile, (.+), (\w+)\);/g, "Operand($1, $2, false);"],
  [/subgroupMatrixLoad<\w+, col_major>\(&tile, (.+), (\w+)\);/g, "Operand($1, $2, true);"],
  [/subgroupMatrixMultiplyAccumulate\(/g, "multiply_accumulate("],
  [/subgroupMatrixStore<row_major>\(&tile, /g, "store_result("],
  [/subgroupShuffleXor\((\w+\.count), (\w+)\)/g, "shuffle(vec4f($1), lane, $2).x"],
  [/subgroupShuffleXor\((\w+\.\w+), (\w+)\)/g, "shuffle($1, lane, $2)"],
  [
    /,\s*@builtin\(subgroup_id\) subgroup: u32,\s*@builtin\(subgroup_invocation_id\) own: u32\) \{/g,
    ") { let subgroup = lane / SUBGROUP_SIZE; let own = lane % SUBGROUP_SIZE; own_lane = own;",
  ],
];

/** The kernel by loops: it wants no subgroups at all. */
function emulated(spec: KernelSpec): KernelSpec {
  const rewrite = (source: string) =>
    REWRITTEN.reduce((source, [from, to]) => source.replace(from, to), source);
  const lib = [
    ...(spec.lib ?? []).map(({ name, source }) => ({ name, source: rewrite(source) })),
    { name: "emulated_matrices", source: emulation },
  ];
  const source = rewrite(spec.source);
  assertNotEquals(source, spec.source, `${spec.name} has no matrices to emulate`);
  const left = [source, ...lib.map(({ source }) => source)].join("\n").match(/\bsubgroup[A-Z_]\w*/g);
  assertEquals(left, null, `${spec.name} uses what is not emulated`);
  return { ...spec, source, lib };
}
