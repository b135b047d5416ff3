import { join } from "@std/path";
import { DomainError } from "../domain/errors.ts";

const ENDING = ".spool";

/** A new path in a directory for what is to be written there; what a crash leaves is known by it. */
export const spoolPath = (directory: string): string => join(directory, crypto.randomUUID() + ENDING);

/**
 * Writes a body to a file; durable when it resolves.
 *
 * @param path Where nothing is yet, such as {@link spoolPath}.
 * @param what It is, for messages.
 * @returns Bytes written.
 * @throws {DomainError} `too_large` past `maxBytes`, counted while it streams; `disk_full`; `malformed` if it is empty or
 *   breaks off.
 */
export async function spool(
  body: AsyncIterable<Uint8Array>,
  path: string,
  maxBytes: number,
  what = "dataset",
): Promise<number> {
  using file = await Deno.open(path, { write: true, create: true, truncate: true });
  let bytes = 0;
  try {
    for await (const chunk of body) {
      bytes += chunk.length;
      if (bytes > maxBytes) {
        throw new DomainError(
          "too_large",
          `Cannot take the ${what}: at most ${maxBytes} bytes (MAX_UPLOAD_BYTES), got more`,
        );
      }
      for (let at = 0; at < chunk.length;) at += await file.write(chunk.subarray(at));
    }
    await file.sync();
  } catch (error) {
    if (error instanceof DomainError) throw error;
    throw diskFull(error, what) ?? new DomainError(
      "malformed",
      `Cannot take the ${what}: the upload broke off after ${bytes} bytes`,
      { type: "upload_incomplete" },
    );
  }
  if (bytes === 0) throw new DomainError("malformed", `Cannot take the ${what}: the body is empty`);
  return bytes;
}

/** Removes what a dead server was writing. */
export function removeSpools(directory: string): void {
  for (const { name } of Deno.readDirSync(directory)) {
    if (name.endsWith(ENDING)) Deno.removeSync(join(directory, name));
  }
}

/** What a full disk's error is to the caller; undefined for any other. */
export function diskFull(error: unknown, what = "dataset"): DomainError | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new DomainError("disk_full", `Cannot keep the ${what}: the disk is full`);
  }
}
