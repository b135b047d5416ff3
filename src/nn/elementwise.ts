import { foldGrid } from "../gpu/recorder.ts";

/** Elements per invocation and invocations per workgroup of the elementwise kernels. */
const ELEMENTS = 4, WORKGROUP_SIZE = 64;

/** The grid of a kernel that takes four elements an invocation, 64 invocations a workgroup, folded into x and y. */
export function elementwiseGrid(length: number): [number, number] {
  return foldGrid(Math.ceil(length / (ELEMENTS * WORKGROUP_SIZE)));
}
