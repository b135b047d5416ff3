import productSource from "../../kernels/half_rows_product.wgsl" with { type: "text" };
import productSubgroup8 from "../../kernels/half_rows_product_subgroup8.wgsl" with { type: "text" };
import unpackSource from "../../kernels/unpack_halves.wgsl" with { type: "text" };
import { foldGrid, type Recorder } from "../gpu/recorder.ts";
import { expectShape, type Tensor } from "../gpu/tensor.ts";
import { recordLinear } from "./linear.ts";

/** Columns must be whole multiples: what a subgroup of eight takes of a vector at once. */
export const HALF_ROW_COLUMNS = 32;
/** Up to so many vectors are multiplied one by one: reading the halves is what it takes then. */
const FEW_QUERIES = 4;
const WORKGROUP_SIZE = 64;

/**
 * Records `y = rows · queriesᵀ`, in f32, of rows that are stored as halves, two a word.
 *
 * @param rows `[R, D / 2]` u32, the first half of a word in its lower bits. @param queries `[Q, D]` f32.
 * @returns `y`, `[R, Q]` f32, overwritten on every replay. Its sums' order hangs on Q and on the adapter.
 * @throws {RangeError} If shapes disagree, or D is no multiple of HALF_ROW_COLUMNS.
 */
export function recordHalfRowsProduct(
  recorder: Recorder,
  label: string,
  rows: Tensor,
  queries: Tensor,
): Tensor {
  const [R] = rows.shape, [Q, D] = queries.shape;
  expectShape(rows, [R, D / 2], "rows of halves");
  if (D % HALF_ROW_COLUMNS !== 0) {
    throw new RangeError(
      `Cannot multiply ${rows.label}: columns must be a multiple of ${HALF_ROW_COLUMNS}, got ${D}`,
    );
  }
  if (Q > FEW_QUERIES) {
    return recordLinear(recorder, label, recordUnpackHalves(recorder, label, rows), queries).y;
  }
  const y = recorder.alloc(`${label}.y`, [R, Q]);
  const kernel = recorder.capabilities.subgroupSize === 8
    ? { name: "half_rows_product_subgroup8", source: productSubgroup8 }
    : { name: "half_rows_product", source: productSource };
  for (let query = 0; query < Q; query++) {
    const sizes = recorder.constant([R, D / 8, Q, query]);
    recorder.dispatch(kernel, [rows, queries, sizes, y], foldGrid(Math.ceil(R / 8)), { flops: 2 * R * D });
  }
  return y;
}

function recordUnpackHalves(recorder: Recorder, label: string, rows: Tensor): Tensor {
  const [R, words] = rows.shape, VECTORS = (R * words) / 4;
  const y = recorder.alloc(`${label}.unpacked`, [R, 2 * words]);
  recorder.dispatch(
    { name: "unpack_halves", source: unpackSource, overrides: { VECTORS } },
    [rows, y],
    foldGrid(Math.ceil(VECTORS / WORKGROUP_SIZE)),
  );
  return y;
}
