import { packTar } from "modern-tar";
import type { PlacedFile } from "./chosen_files.ts";

const BLOCK = 512;
/** Files whose headers are made in one go: then the page may draw. */
const AT_ONCE = 500;

/**
 * Files as one tar, of which only the headers are in memory: the rest are the files themselves, read as they are sent.
 * The same files make the same bytes, so an upload of them can be gone on with after a reload.
 *
 * @param onHeaders Called with how many files are through.
 */
export async function tarOfFiles(
  files: PlacedFile[],
  onHeaders: (done: number) => void = () => {},
): Promise<Blob> {
  const parts: BlobPart[] = [];
  for (let from = 0; from < files.length; from += AT_ONCE) {
    const some = files.slice(from, from + AT_ONCE), headers = await headersOf(some);
    for (const [n, { file }] of some.entries()) {
      parts.push(headers[n], file);
      const over = file.size % BLOCK;
      if (over > 0) parts.push(new Uint8Array(BLOCK - over));
    }
    onHeaders(from + some.length);
    await new Promise((resolve) => setTimeout(resolve));
  }
  return new Blob([...parts, new Uint8Array(2 * BLOCK)], { type: "application/x-tar" });
}

/** Each file's header, and what stands before it where its path is long: packed as if empty, then given the size. */
async function headersOf(files: PlacedFile[]): Promise<Uint8Array<ArrayBuffer>[]> {
  const entries = files.map(({ path, file }) => ({
    header: { name: path, size: 0, mtime: new Date(file.lastModified) },
  }));
  const tar = await packTar(entries), headers: Uint8Array<ArrayBuffer>[] = [];
  for (let at = 0; headers.length < files.length;) {
    const from = at;
    // pax: a header of type x whose body names the file that follows
    while (tar[at + 156] === "x".charCodeAt(0)) {
      const size = parseInt(new TextDecoder().decode(tar.subarray(at + 124, at + 136)), 8);
      at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    }
    setSize(tar.subarray(at, at + BLOCK), files[headers.length].file.size);
    at += BLOCK;
    headers.push(tar.slice(from, at));
  }
  return headers;
}

/** Writes an entry's bytes into its header, and the header's checksum anew (POSIX, pax: octal digits). */
function setSize(header: Uint8Array, bytes: number): void {
  const write = (text: string, at: number) =>
    new TextEncoder().encodeInto(text, header.subarray(at, at + text.length));
  if (bytes >= 8 ** 11) throw new Error(`A file may have ${8 ** 11 - 1} bytes at most, got ${bytes}`);
  write(`${bytes.toString(8).padStart(11, "0")}\0`, 124);
  header.fill(" ".charCodeAt(0), 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
}

/** What tells such a tar from others: names, sizes and times, hashed (FNV-1a over both halves of 64 bits). */
export function fingerprintOf(files: PlacedFile[]): string {
  let [a, b] = [0x811c9dc5, 0x9747b28c];
  for (const { path, file } of files) {
    for (const char of `${path}\0${file.size}\0${file.lastModified}\n`) {
      const code = char.codePointAt(0)!;
      a = Math.imul(a ^ code, 0x01000193);
      b = Math.imul(b ^ code, 0x85ebca6b) ^ (b >>> 13);
    }
  }
  return [a, b].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
}
