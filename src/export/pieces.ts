import type { CheckpointFileName } from "../domain/checkpoint.ts";

/** A part of a file that is made on demand: bytes, or a stretch of a kept file, from `begin`, before `end`. */
export type Piece = Uint8Array | KeptBytes;
export interface KeptBytes {
  file: CheckpointFileName;
  begin: number;
  end: number;
}

const lengthOf = (piece: Piece): number =>
  piece instanceof Uint8Array ? piece.length : piece.end - piece.begin;

/** Bytes of all pieces. */
export const bytesOf = (pieces: readonly Piece[]): number =>
  pieces.reduce((sum, piece) => sum + lengthOf(piece), 0);

/** What of the pieces stands from `start`, before `end`. */
export function cut(pieces: readonly Piece[], start: number, end: number): Piece[] {
  const parts: Piece[] = [];
  let at = 0;
  for (const piece of pieces) {
    const length = lengthOf(piece), from = Math.max(0, start - at), to = Math.min(length, end - at);
    at += length;
    if (from >= to) continue;
    if (piece instanceof Uint8Array) parts.push(piece.subarray(from, to));
    else parts.push({ file: piece.file, begin: piece.begin + from, end: piece.begin + to });
  }
  return parts;
}
