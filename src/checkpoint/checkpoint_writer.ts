import { join } from "@std/path";
import type { CheckpointFile, CheckpointFileName } from "../domain/checkpoint.ts";
import { DomainError } from "../domain/errors.ts";
import { checkId } from "../domain/ids.ts";
import type { NamedTensors } from "../domain/tensor_data.ts";
import { removeTree, syncDirectory } from "../files/durable.ts";
import { describeFile, MANIFEST, type Manifest } from "./manifest.ts";
import type { ModelConfig } from "./model_config.ts";
import { encodeSafetensors } from "./safetensors.ts";
import type { TrainingStateJson } from "./state.ts";

export interface CheckpointContents {
  /** The online encoder under torchvision's names. */
  model: NamedTensors;
  trainingState: NamedTensors;
  state: TrainingStateJson;
  config: ModelConfig;
}

/**
 * Keeps a checkpoint under `<directory>/<id>`. The directory appears complete and durable or not at all: files are
 * synced in a temporary one, the manifest last, which is then renamed.
 *
 * @param directory Where checkpoints lie (`DATA_DIR/checkpoints`); made if it is missing.
 * @returns The files, the manifest among them.
 * @throws {DomainError} `disk_full`; `conflict`, if there is such a checkpoint: one never changes.
 */
export async function writeCheckpoint(
  directory: string,
  id: string,
  { model, trainingState, state, config }: CheckpointContents,
): Promise<CheckpointFile[]> {
  const path = join(directory, checkId("ckpt", id));
  try {
    await Deno.mkdir(directory, { recursive: true });
    await using temporary = await temporaryDirectory(join(directory, `.${id}.tmp`));
    const contents = [
      ["model.safetensors", encodeSafetensors(model, { format: "pt" })],
      ["config.json", encodeJson(config)],
      ["training_state.safetensors", encodeSafetensors(trainingState, { format: "pt" })],
      ["state.json", encodeJson(state)],
    ] as const satisfies [CheckpointFileName, Uint8Array][];
    const files: Manifest["files"] = [];
    for (const [name, bytes] of contents) {
      await writeSynced(join(temporary.path, name), bytes);
      files.push(await describeFile(name, bytes));
    }
    const manifest = encodeJson({ format: 1, files } satisfies Manifest);
    await writeSynced(join(temporary.path, MANIFEST), manifest);
    await syncDirectory(temporary.path);
    await Deno.rename(temporary.path, path);
    await syncDirectory(directory);
    return [...files, await describeFile(MANIFEST, manifest)];
  } catch (error) {
    throw toDomainError(error, id);
  }
}

/** A directory that is not there yet; what is left of it is removed in the end. */
async function temporaryDirectory(path: string): Promise<AsyncDisposable & { path: string }> {
  await removeTree(path);
  await Deno.mkdir(path);
  return { path, [Symbol.asyncDispose]: () => removeTree(path) };
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
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new DomainError("disk_full", `Cannot write checkpoint ${id}: the disk is full`);
  }
  if (code === "ENOTEMPTY" || code === "EEXIST") {
    return new DomainError("conflict", `Cannot write checkpoint ${id}: there is one already`);
  }
  return error;
}
