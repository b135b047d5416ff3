/** Scales a row to unit Euclidean length, in place; a row of zeros stays one. */
export function toUnitLength(row: Float32Array): void {
  const length = Math.hypot(...row);
  if (length > 0) row.forEach((value, i) => row[i] = value / length);
}
