import forwardSource from "../../kernels/l2_normalize.wgsl" with { type: "text" };
import backwardSource from "../../kernels/l2_normalize_backward.wgsl" with { type: "text" };
import { foldGrid, type Recorder } from "../gpu/recorder.ts";
import { expectShape, type Tensor } from "../gpu/tensor.ts";

/** What backward needs of forward. */
export interface L2NormalizeSaved {
  y: Tensor;
  /** `[rows]`: each row's sum of squares. */
  squares: Tensor;
}

/**
 * Records `y = x / √max(‖x‖², 1e-12)` of each row, as BYOL's loss normalises.
 *
 * @param x `[rows, cols]`.
 * @returns `y`, `[rows, cols]`, overwritten on every replay, and what backward needs.
 * @throws {RangeError} If x is not of rank 2.
 */
export function recordL2Normalize(
  recorder: Recorder,
  label: string,
  x: Tensor,
): { y: Tensor; saved: L2NormalizeSaved } {
  const [rows, cols] = x.shape;
  expectShape(x, [rows, cols], "rows to normalise");
  const y = recorder.alloc(`${label}.l2.y`, [rows, cols]),
    squares = recorder.alloc(`${label}.l2.squares`, [rows]);
  recorder.dispatch(
    { name: "l2_normalize", source: forwardSource, overrides: { ROWS: rows, COLS: cols } },
    [x, squares, y],
    foldGrid(rows),
  );
  return { y, saved: { y, squares } };
}

/**
 * Records the gradient of `recordL2Normalize`: `dx = (dy − y⟨y, dy⟩) / ‖x‖`, and `dx = dy · 10⁶` of rows under the clamp,
 * whose divisor is a constant.
 *
 * @param dy `[rows, cols]`.
 * @returns `dx`, `[rows, cols]`, overwritten.
 */
export function recordL2NormalizeBackward(
  recorder: Recorder,
  label: string,
  { y, squares }: L2NormalizeSaved,
  dy: Tensor,
): Tensor {
  const [rows, cols] = y.shape;
  expectShape(dy, [rows, cols], "normalised rows' gradient");
  const dx = recorder.alloc(`${label}.l2.dx`, [rows, cols]);
  recorder.dispatch(
    { name: "l2_normalize_backward", source: backwardSource, overrides: { ROWS: rows, COLS: cols } },
    [squares, y, dy, dx],
    foldGrid(rows),
  );
  return dx;
}
