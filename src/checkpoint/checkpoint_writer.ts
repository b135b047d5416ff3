import { join } from "@std/path";
import type { CheckpointFile } from "../domain/checkpoint.ts";
import { DomainError } from "../domain/errors.ts";
import { checkId } from "../domain/ids.ts";
import type { NamedTensors } from "../domain/tensor_data.ts";
import { diskFault } from "../files/disk_fault.ts";
import { removeTree, syncDirectory } from "../files/durable.ts";
import { describeFile, LISTED_FILES, MANIFEST, type Manifest } from "./manifest.ts";
import type { ModelConfig } from "./model_config.ts";
import { encodeSafetensors } from "./safetensors.ts";

export interface CheckpointContents {
  /** The encoder under torchvision's names; a classifier's head is `fc.*`. */
  model: NamedTensors;
  config: ModelConfig;
  /** The names of a classifier's classes, in the order of its outputs. */
  labels?: string[];
  /** What the job that made it needs to go on, beside `state`; a model that nobody goes on from has neither. */
  trainingState?: NamedTensors;
  /** JSON, by the schema of the job's kind. */
  state?: Record<string, unknown>;
}

/** What is asked of the disk while a checkpoint is written; a test has each of these calls fail. */
export interface Disk {
  makeDirectory(path: string): Promise<void>;
  /** A file that is not there yet; durable when it resolves. */
  write(path: string, bytes: Uint8Array): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  syncDirectory(path: string): Promise<void>;
  /** A directory and all in it; none is fine. */
  remove(path: string): Promise<void>;
}
const DISK: Disk = {
  makeDirectory: (path) => Deno.mkdir(path, { recursive: true }),
  write: writeSynced,
  rename: (from, to) => Deno.rename(from, to),
  syncDirectory,
  remove: removeTree,
};

/**
 * Keeps a checkpoint under `<directory>/<id>`. The directory appears complete and durable or not at all: files are
 * synced in a temporary one, the manifest last, which is then renamed.
 *
 * @param directory Where checkpoints lie (`DATA_DIR/checkpoints`); made if it is missing.
 * @returns The files, the manifest among them.
 * @throws {DomainError} `disk_full`, also where the disk fails or may not be written to; `conflict`, if there is such a
 *   checkpoint: one never changes.
 */
export async function writeCheckpoint(
  directory: string,
  id: string,
  { model, config, labels, trainingState, state }: CheckpointContents,
  disk: Disk = DISK,
): Promise<CheckpointFile[]> {
  const path = join(directory, checkId("ckpt", id)), temporary = join(directory, `.${id}.tmp`);
  let appeared = false;
  try {
    await disk.remove(temporary);
    await disk.makeDirectory(temporary);
    const contents = {
      "model.safetensors": () => encodeSafetensors(model, { format: "pt" }),
      "config.json": () => encodeJson(config),
      "labels.json": labels && (() => encodeJson(labels)),
      "training_state.safetensors": trainingState &&
        (() => encodeSafetensors(trainingState, { format: "pt" })),
      "state.json": state && (() => encodeJson(state)),
    };
    const files: Manifest["files"] = [];
    for (const name of LISTED_FILES) {
      const bytes = contents[name]?.();
      if (!bytes) continue;
      await disk.write(join(temporary, name), bytes);
      files.push(await describeFile(name, bytes));
    }
    const manifest = encodeJson({ format: 1, files } satisfies Manifest);
    await disk.write(join(temporary, MANIFEST), manifest);
    await disk.syncDirectory(temporary);
    await disk.rename(temporary, path);
    appeared = true;
    await disk.syncDirectory(directory);
    return [...files, await describeFile(MANIFEST, manifest)];
  } catch (error) {
    // What cannot be removed either (a disk that fails) goes at the server's next start, which lists none of it.
    await disk.remove(temporary).catch(() => {});
    if (appeared) await disk.remove(path).catch(() => {});
    throw toDomainError(error, id);
  }
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true });
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
  await file.sync();
}

const encodeJson = (value: unknown): Uint8Array<ArrayBuffer> =>
  new TextEncoder().encode(JSON.stringify(value, null, 2) + "\n");

function toDomainError(error: unknown, id: string): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const reason = diskFault(error);
  if (reason) return new DomainError("disk_full", `Cannot write checkpoint ${id}: ${reason}`);
  if (code === "ENOTEMPTY" || code === "EEXIST") {
    return new DomainError("conflict", `Cannot write checkpoint ${id}: there is one already`);
  }
  return error;
}
