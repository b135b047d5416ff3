import type { Piece } from "./pieces.ts";

const CHUNK_BYTES = 64 * 1024;

/**
 * The pieces' bytes, one after another, read as they are taken. The kept files are opened first, so that one that is
 * removed meanwhile is read to its end.
 *
 * @param pathOf Where a kept file lies.
 * @throws {Deno.errors.NotFound} If a kept file is gone already.
 */
export async function streamPieces(
  pieces: readonly Piece[],
  pathOf: (file: Exclude<Piece, Uint8Array>["file"]) => string,
): Promise<ReadableStream<Uint8Array>> {
  const files = new Map<string, Deno.FsFile>();
  const close = () => files.forEach((file) => file.close());
  try {
    for (const piece of pieces) {
      if (piece instanceof Uint8Array || files.has(piece.file)) continue;
      files.set(piece.file, await Deno.open(pathOf(piece.file)));
    }
  } catch (error) {
    close();
    throw error;
  }
  let next = 0, at = 0; // the piece under way, and how much of it has gone
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const piece = pieces[next];
        if (piece === undefined) {
          close();
          return controller.close();
        }
        const chunk = piece instanceof Uint8Array
          ? piece.slice(at, at + CHUNK_BYTES) // a copy: what is enqueued may be taken over, and the piece is read again
          : await readChunk(
            files.get(piece.file)!,
            piece.begin + at,
            Math.min(CHUNK_BYTES, piece.end - piece.begin - at),
          );
        controller.enqueue(chunk);
        at += chunk.length;
        if (at === (piece instanceof Uint8Array ? piece.length : piece.end - piece.begin)) {
          [next, at] = [next + 1, 0];
        }
      } catch (error) {
        close();
        throw error;
      }
    },
    cancel: close,
  });
}

async function readChunk(file: Deno.FsFile, from: number, most: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunk = new Uint8Array(most);
  await file.seek(from, Deno.SeekMode.Start);
  const got = await file.read(chunk);
  if (got === null) throw new Error("Cannot read a checkpoint's file: it is shorter than listed");
  return chunk.subarray(0, got);
}
