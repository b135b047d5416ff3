/** The head of a file in NumPy's format, version 1.0, of f32 `[rows, columns]`; the values follow, little-endian. */
export function npyHeader(rows: number, columns: number): Uint8Array<ArrayBuffer> {
  const head = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${columns}), }`;
  // The data must start at a multiple of 64; magic, version and length take 10 bytes, the line feed one.
  const length = Math.ceil((10 + head.length + 1) / 64) * 64, bytes = new Uint8Array(length);
  bytes.set([0x93, ...new TextEncoder().encode("NUMPY"), 1, 0]);
  new DataView(bytes.buffer).setUint16(8, length - 10, true);
  bytes.set(new TextEncoder().encode(`${head.padEnd(length - 11)}\n`), 10);
  return bytes;
}
