export interface FloatTable {
  values: Float32Array<ArrayBuffer>;
  rows: number;
  columns: number;
}

/**
 * Reads a NumPy file of f32 in two dimensions, C order, as the API sends it.
 *
 * @throws {Error} If it is another.
 */
export function readNpy(bytes: ArrayBuffer): FloatTable {
  const view = new DataView(bytes), magic = new TextDecoder("latin1").decode(bytes.slice(1, 6));
  if (magic !== "NUMPY") throw new Error("Cannot read the projection: it is no npy file");
  const begin = view.getUint8(6) === 1 ? 10 : 12;
  const length = view.getUint8(6) === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const head = new TextDecoder("latin1").decode(bytes.slice(begin, begin + length));
  const shape = head.match(/'shape':\s*\((\d+),\s*(\d+)\)/);
  if (!shape || !/'<f4'/.test(head) || !/'fortran_order':\s*False/.test(head)) {
    throw new Error(`Cannot read the projection: it must be f32 in two dimensions, got ${head.trim()}`);
  }
  const rows = Number(shape[1]), columns = Number(shape[2]);
  return { rows, columns, values: new Float32Array(bytes.slice(begin + length), 0, rows * columns) };
}
