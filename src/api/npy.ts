import { npyHeader } from "../domain/npy.ts";

/**
 * NumPy's file format, version 1.0, of equally long f32 rows.
 *
 * @param rows `[n, columns]`, row-major.
 */
export function encodeNpy(rows: Float32Array[], columns: number): Uint8Array<ArrayBuffer> {
  const header = npyHeader(rows.length, columns);
  const bytes = new Uint8Array(header.length + 4 * rows.length * columns);
  bytes.set(header);
  const data = new Float32Array(bytes.buffer, header.length);
  rows.forEach((row, i) => data.set(row, i * columns));
  return bytes;
}
