import { createHash } from "node:crypto";
import { join } from "@std/path";
import type { CheckpointFile, CheckpointFileName, ModelDescription } from "../domain/checkpoint.ts";
import { DomainError } from "../domain/errors.ts";
import { readModelConfig } from "../checkpoint/model_config.ts";
import { decodeHeader, type PlacedTensor } from "../checkpoint/safetensors.ts";

/** What of a checkpoint makes a model: read is all but the tensors' values. */
export interface KeptModel {
  id: string;
  /** `config.json` as it stands, and what it says. */
  config: Record<string, unknown>;
  description: ModelDescription;
  /** The classes' names, in the order of the head's outputs; none without a head. */
  labels: string[];
  /** Under torchvision's names; where each one's values stand in `model.safetensors`. */
  tensors: PlacedTensor[];
  /** The model's kept files, as they are listed. */
  files: (CheckpointFile & { name: CheckpointFileName })[];
}
/** A checkpoint as far as a thread is told of it. */
export interface KeptCheckpoint {
  id: string;
  files: CheckpointFile[];
}

const MODEL_FILES: readonly CheckpointFileName[] = ["model.safetensors", "config.json", "labels.json"];
const CHUNK_BYTES = 2 ** 20;

/**
 * Reads a kept model, once each file's hash is found to be the one that is listed. It holds up its thread, and of
 * `model.safetensors` never has more in memory than a MiB and the header.
 *
 * @param directory Where checkpoints lie.
 * @throws {DomainError} `conflict`, type `checkpoint_damaged`, if a file is missing, or not what is listed.
 */
export function readKeptModel(directory: string, { id, files: listed }: KeptCheckpoint): KeptModel {
  const damaged = (name: string, reason: string) =>
    new DomainError("conflict", `Cannot read ${id}: its ${name} is damaged: ${reason}`, {
      type: "checkpoint_damaged",
    });
  const files = MODEL_FILES.flatMap((name) =>
    listed.filter((file) => file.name === name).map((file) => ({ ...file, name }))
  );
  const has = (name: CheckpointFileName) => files.some((file) => file.name === name);
  for (const { name, sha256 } of files) {
    const got = hashIfPresent(join(directory, id, name));
    if (got === undefined) throw damaged(name, "it is missing");
    if (got !== sha256) throw damaged(name, `SHA-256 ${sha256} is listed, got ${got}`);
  }
  for (const name of ["model.safetensors", "config.json"] as const) {
    if (!has(name)) throw damaged(name, "it is not listed");
  }
  const json = (name: CheckpointFileName) => JSON.parse(Deno.readTextFileSync(join(directory, id, name)));
  const config = json("config.json"), description = readModelConfig(config);
  const labels: string[] = has("labels.json") ? json("labels.json") : [];
  if (labels.length !== description.classes) {
    throw damaged("labels.json", `it must name ${description.classes} classes, got ${labels.length}`);
  }
  return {
    id,
    config,
    description,
    labels,
    tensors: readTensors(join(directory, id, "model.safetensors"), id),
    files,
  };
}

function readTensors(path: string, id: string): PlacedTensor[] {
  using file = Deno.openSync(path);
  const length = new Uint8Array(8), { size } = file.statSync();
  readFully(file, length);
  const head = new Uint8Array(Math.min(size, 8 + Number(new DataView(length.buffer).getBigUint64(0, true))));
  file.seekSync(0, Deno.SeekMode.Start);
  readFully(file, head);
  return decodeHeader(head, size, { label: `${id}'s model` });
}

function readFully(file: Deno.FsFile, into: Uint8Array): void {
  for (let at = 0; at < into.length;) {
    const got = file.readSync(into.subarray(at));
    if (got === null) {
      throw new Error(`Cannot read a checkpoint's file: ${into.length} bytes are listed, got ${at}`);
    }
    at += got;
  }
}

function hashIfPresent(path: string): string | undefined {
  try {
    using file = Deno.openSync(path);
    const hash = createHash("sha256"), chunk = new Uint8Array(CHUNK_BYTES);
    for (let got = file.readSync(chunk); got !== null; got = file.readSync(chunk)) {
      hash.update(chunk.subarray(0, got));
    }
    return hash.digest("hex");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
