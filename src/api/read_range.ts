import type { ByteRange } from "./byte_range.ts";

/** A file's bytes from `start` to `end`, both inclusive; read as fast as they are taken. */
export async function readRange(
  path: string,
  { start, end }: ByteRange,
): Promise<ReadableStream<Uint8Array>> {
  const file = await Deno.open(path);
  await file.seek(start, Deno.SeekMode.Start);
  let left = end - start + 1;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const buffer = new Uint8Array(Math.min(left, 64 * 1024));
        const got = left === 0 ? 0 : await file.read(buffer);
        if (got === null) throw new Error(`Cannot read ${path}: it is ${left} bytes shorter than listed`);
        left -= got;
        if (got > 0) controller.enqueue(buffer.subarray(0, got));
        if (left === 0) {
          file.close();
          controller.close();
        }
      } catch (error) {
        file.close();
        throw error;
      }
    },
    cancel: () => file.close(),
  });
}
