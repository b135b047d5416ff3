import { z } from "zod";
import { CHECKPOINT_FILES, type CheckpointFile, type CheckpointFileName } from "../domain/checkpoint.ts";

export const MANIFEST = "manifest.json" satisfies CheckpointFileName;
/** The files whose hashes a manifest keeps: all but itself. */
export const LISTED_FILES = CHECKPOINT_FILES.filter((name) => name !== MANIFEST);

/** `manifest.json`: it is written last, so that where it stands the others stand complete. */
export const Manifest = z.strictObject({
  format: z.literal(1),
  files: z.array(z.strictObject({
    name: z.enum(LISTED_FILES),
    bytes: z.int().min(0),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
  })),
});
export type Manifest = z.infer<typeof Manifest>;

/** A file's entry in a list of a checkpoint's files; the hash is SHA-256 in hex. */
export async function describeFile<Name extends string>(
  name: Name,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<CheckpointFile & { name: Name }> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return { name, bytes: bytes.length, sha256: hash.toHex() };
}
