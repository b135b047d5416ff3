import { createTarPacker } from "modern-tar";
import type { LayoutFiles } from "./layout_files.ts";
import { bytesOf, type Piece } from "./pieces.ts";

const BLOCK = 512;

/** A tar of a layout's files under `folder`. Nothing in it tells of when it was made, or by whom. */
export async function tarPieces(folder: string, files: LayoutFiles): Promise<Piece[]> {
  const pieces: Piece[] = [];
  for (const [name, contents] of files) {
    const size = bytesOf(contents);
    pieces.push(await tarHeader(`${folder}/${name}`, size), ...contents, new Uint8Array(-size & (BLOCK - 1)));
  }
  return [...pieces, new Uint8Array(2 * BLOCK)];
}

/** What stands before a file of `size` bytes, which need not be at hand. */
async function tarHeader(name: string, size: number): Promise<Uint8Array<ArrayBuffer>> {
  const { readable, controller } = createTarPacker(), reader = readable.getReader();
  const entry = controller.add({ name, size, type: "file", mode: 0o644, mtime: new Date(0), uid: 0, gid: 0 });
  const { value } = await reader.read();
  if (value?.length !== BLOCK) {
    throw new RangeError(`Cannot write ${name} to a tar: its header must be one block`);
  }
  await reader.cancel();
  await entry.abort().catch(() => {}); // it was given up
  return new Uint8Array(value);
}
