/** Sizes of a convolution: x `[N, H, W, C]`, weight `[K, R, S, C]`, y `[N, P, Q, K]`; `pad` on all four sides. */
export interface Conv2dShape {
  N: number;
  H: number;
  W: number;
  C: number;
  K: number;
  R: number;
  S: number;
  stride: number;
  pad: number;
}

/** Output rows P and columns Q. */
export function conv2dOutput({ H, W, R, S, stride, pad }: Conv2dShape): { P: number; Q: number } {
  return {
    P: Math.floor((H + 2 * pad - R) / stride) + 1,
    Q: Math.floor((W + 2 * pad - S) / stride) + 1,
  };
}

/** Calls `visit` with the indices of x, weight and y of every product that the convolution sums. */
function eachProduct(shape: Conv2dShape, visit: (x: number, weight: number, y: number) => void): void {
  const { N, H, W, C, K, R, S, stride, pad } = shape, { P, Q } = conv2dOutput(shape);
  for (let n = 0; n < N; n++) {
    for (let p = 0; p < P; p++) {
      for (let q = 0; q < Q; q++) {
        for (let k = 0; k < K; k++) {
          for (let r = 0; r < R; r++) {
            for (let s = 0; s < S; s++) {
              const h = p * stride + r - pad, w = q * stride + s - pad;
              if (h < 0 || h >= H || w < 0 || w >= W) continue;
              for (let c = 0; c < C; c++) {
                visit(
                  ((n * H + h) * W + w) * C + c,
                  ((k * R + r) * S + s) * C + c,
                  ((n * P + p) * Q + q) * K + k,
                );
              }
            }
          }
        }
      }
    }
  }
}

/** @returns y `[N, P, Q, K]`. */
export function conv2d(shape: Conv2dShape, x: Float64Array, weight: Float64Array): Float64Array {
  const { P, Q } = conv2dOutput(shape), y = new Float64Array(shape.N * P * Q * shape.K);
  eachProduct(shape, (xi, wi, yi) => y[yi] += x[xi] * weight[wi]);
  return y;
}

/** @returns dx of x's shape and dWeight of weight's, from zero. */
export function conv2dBackward(
  shape: Conv2dShape,
  x: Float64Array,
  weight: Float64Array,
  dy: Float64Array,
): { dx: Float64Array; dWeight: Float64Array } {
  const dx = new Float64Array(x.length), dWeight = new Float64Array(weight.length);
  eachProduct(shape, (xi, wi, yi) => {
    dx[xi] += weight[wi] * dy[yi];
    dWeight[wi] += x[xi] * dy[yi];
  });
  return { dx, dWeight };
}
