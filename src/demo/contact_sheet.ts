import { encodeRgb } from "./cifar10.ts";

export interface Tile {
  /** 8-bit RGB, `side` × `side`. */
  pixels: Uint8Array;
  class: string;
}

const SCALE = 3, FRAME = 4, GAP = 10, QUERY_GAP = 34;
const PAPER = [250, 249, 246], QUERY = [60, 60, 60], SAME = [46, 160, 67], OTHER = [201, 203, 207];

/**
 * A PNG of rows: a query photograph on the left, its neighbours to the right, each in a frame: green where its class is
 * the query's, light gray where it is another.
 */
export function contactSheet(rows: { query: Tile; neighbours: Tile[] }[], side: number): Uint8Array {
  const cell = side * SCALE + 2 * FRAME,
    columns = Math.max(...rows.map(({ neighbours }) => neighbours.length));
  const width = GAP + cell + QUERY_GAP + columns * (cell + GAP), height = GAP + rows.length * (cell + GAP);
  const sheet = new Uint8Array(width * height * 3);
  const fill = (
    left: number,
    top: number,
    w: number,
    h: number,
    colour: (x: number, y: number) => ArrayLike<number>,
  ) => {
    for (let y = 0; y < h; y++) {
      for (let x = 0; x < w; x++) sheet.set(colour(x, y), ((top + y) * width + left + x) * 3);
    }
  };
  const draw = (left: number, top: number, { pixels }: Tile, frame: number[]) => {
    fill(left, top, cell, cell, () => frame);
    fill(left + FRAME, top + FRAME, side * SCALE, side * SCALE, (x, y) => {
      const at = (Math.floor(y / SCALE) * side + Math.floor(x / SCALE)) * 3;
      return pixels.subarray(at, at + 3);
    });
  };
  fill(0, 0, width, height, () => PAPER);
  for (const [r, { query, neighbours }] of rows.entries()) {
    const top = GAP + r * (cell + GAP);
    draw(GAP, top, query, QUERY);
    for (const [c, neighbour] of neighbours.entries()) {
      const left = GAP + cell + QUERY_GAP + c * (cell + GAP);
      draw(left, top, neighbour, neighbour.class === query.class ? SAME : OTHER);
    }
  }
  return encodeRgb(sheet, width, height);
}
