/** x `[N, pixels, C]`, y `[N, C]`. */
export interface PoolShape {
  N: number;
  pixels: number;
  C: number;
}

/** @returns y, the mean over an image's pixels. */
export function globalAveragePool({ N, pixels, C }: PoolShape, x: Float64Array): Float64Array {
  const y = new Float64Array(N * C);
  for (let n = 0; n < N; n++) {
    for (let p = 0; p < pixels; p++) {
      for (let c = 0; c < C; c++) y[n * C + c] += x[(n * pixels + p) * C + c] / pixels;
    }
  }
  return y;
}

/** @returns dx of x's shape. */
export function globalAveragePoolBackward({ N, pixels, C }: PoolShape, dy: Float64Array): Float64Array {
  const dx = new Float64Array(N * pixels * C);
  for (let i = 0; i < dx.length; i++) {
    const n = Math.floor(i / (pixels * C)), c = i % C;
    dx[i] = dy[n * C + c] / pixels;
  }
  return dx;
}
