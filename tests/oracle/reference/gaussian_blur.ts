/**
 * A Gaussian blur of one image, straight from its definition in two dimensions; zeros beyond the border.
 *
 * @param x `[px, px, 3]`. @param sigma In pixels.
 * @returns Of x's shape. The kernel is 2·⌊(px/10)/2⌋ + 1 wide and high, and its weights have a sum of 1.
 */
export function gaussianBlur(x: Float64Array, px: number, sigma: number): Float64Array {
  const radius = Math.floor(Math.floor(px / 10) / 2), weights: number[][] = [];
  let sum = 0;
  for (let v = -radius; v <= radius; v++) {
    const row: number[] = [];
    for (let u = -radius; u <= radius; u++) {
      row.push(Math.exp(-(u * u + v * v) / (2 * sigma * sigma)));
      sum += row.at(-1)!;
    }
    weights.push(row);
  }
  return x.map((_, i) => {
    const c = i % 3, column = Math.floor(i / 3) % px, row = Math.floor(i / (3 * px));
    let y = 0;
    for (let v = -radius; v <= radius; v++) {
      for (let u = -radius; u <= radius; u++) {
        const inside = row + v >= 0 && row + v < px && column + u >= 0 && column + u < px;
        if (inside) y += weights[v + radius][u + radius] / sum * x[((row + v) * px + column + u) * 3 + c];
      }
    }
    return y;
  });
}
