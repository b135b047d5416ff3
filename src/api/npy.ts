/**
 * NumPy's file format, version 1.0, of equally long f32 rows.
 *
 * @param rows `[n, columns]`, row-major.
 */
export function encodeNpy(rows: Float32Array[], columns: number): Uint8Array<ArrayBuffer> {
  const head = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows.length}, ${columns}), }`;
  // The data must start at a multiple of 64; magic, version and length take 10 bytes, the line feed one.
  const length = Math.ceil((10 + head.length + 1) / 64) * 64;
  const bytes = new Uint8Array(length + 4 * rows.length * columns);
  bytes.set([0x93, ...new TextEncoder().encode("NUMPY"), 1, 0]);
  new DataView(bytes.buffer).setUint16(8, length - 10, true);
  bytes.set(new TextEncoder().encode(`${head.padEnd(length - 11)}\n`), 10);
  const data = new Float32Array(bytes.buffer, length);
  rows.forEach((row, i) => data.set(row, i * columns));
  return bytes;
}
