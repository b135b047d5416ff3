import { join } from "@std/path";
import { z } from "zod";
import type { CheckpointFileName, ModelDescription } from "../domain/checkpoint.ts";
import { DomainError } from "../domain/errors.ts";
import { checkId, isId } from "../domain/ids.ts";
import type { CheckpointLibrary } from "../domain/ports.ts";
import type { NamedTensors } from "../domain/tensor_data.ts";
import { namesIn } from "../files/look.ts";
import { describeFile, MANIFEST, Manifest } from "./manifest.ts";
import { readModelConfig } from "./model_config.ts";
import { decodeSafetensors } from "./safetensors.ts";
import { TrainingStateJson } from "./state.ts";

/** All of a checkpoint that a job may go on from, each file's hash checked. */
export interface ReadCheckpoint<State = TrainingStateJson> {
  model: NamedTensors;
  trainingState: NamedTensors;
  state: State;
  config: ModelDescription;
}

/**
 * Reads a whole checkpoint of a job that trains.
 *
 * @param directory Where checkpoints lie (`DATA_DIR/checkpoints`). @param schema Of `state.json`; a pretrain job's, else.
 * @throws {DomainError} `not_found`, if there is none, or no manifest in it; `conflict`, type `checkpoint_damaged`, if
 *   a file is missing or not what the manifest says; `invalid`, type `not_resumable`, if it is of no such job.
 */
export function readCheckpoint(directory: string, id: string): Promise<ReadCheckpoint>;
export function readCheckpoint<State>(
  directory: string,
  id: string,
  schema: z.ZodType<State>,
): Promise<ReadCheckpoint<State>>;
export async function readCheckpoint(
  directory: string,
  id: string,
  schema: z.ZodType = TrainingStateJson,
): Promise<ReadCheckpoint<unknown>> {
  const files = await openFiles(directory, id);
  if (!files.has("training_state.safetensors")) {
    throw new DomainError(
      "invalid",
      `Cannot go on from ${id}: it is a model alone, without a training state`,
      {
        type: "not_resumable",
      },
    );
  }
  const state = schema.safeParse(parseJson(await files.read("state.json")));
  if (!state.success) throw files.damaged("state.json", state.error.issues[0].message);
  return {
    model: decodeSafetensors(await files.read("model.safetensors"), { label: `${id}'s model` }),
    trainingState: decodeSafetensors(await files.read("training_state.safetensors"), {
      label: `${id}'s training state`,
    }),
    state: state.data,
    config: readModelConfig(parseJson(await files.read("config.json"))),
  };
}

/**
 * Reads what serving needs: the encoder's tensors under torchvision's names (a classifier's head is `fc.*`), their
 * description, and the names of the classes, as many as it tells of.
 *
 * @throws {DomainError} As `readCheckpoint`.
 */
export async function readModel(
  directory: string,
  id: string,
): Promise<{ tensors: NamedTensors; config: ModelDescription; labels: string[] }> {
  const files = await openFiles(directory, id);
  return {
    labels: await readLabels(files),
    tensors: decodeSafetensors(await files.read("model.safetensors"), { label: `${id}'s model` }),
    config: readModelConfig(parseJson(await files.read("config.json"))),
  };
}

/** Descriptions that are kept, 200 bytes each. */
const MAX_MODELS = 1000;

/** Checkpoints under one directory. */
export class FileCheckpointLibrary implements CheckpointLibrary {
  readonly #models = new Map<string, ModelDescription>();
  constructor(readonly directory: string) {}

  /** @throws {DomainError} `not_found`, if the id is not well-formed; whether the file exists is not looked at. */
  path(checkpoint: string, file: CheckpointFileName): string {
    return join(this.directory, checkId("ckpt", checkpoint), file);
  }
  /** @throws {DomainError} As `readCheckpoint`. */
  async model(checkpoint: string): Promise<ModelDescription> {
    const known = this.#models.get(checkpoint); // a checkpoint does not change, and this is asked for with every request
    if (known) return known;
    const files = await openFiles(this.directory, checkpoint);
    const model = readModelConfig(parseJson(await files.read("config.json")));
    if (this.#models.size >= MAX_MODELS) this.#models.clear();
    this.#models.set(checkpoint, model);
    return model;
  }
  /** @throws {DomainError} As `readCheckpoint`. */
  async labels(checkpoint: string): Promise<string[]> {
    return await readLabels(await openFiles(this.directory, checkpoint));
  }
  /** @throws {DomainError} As `readCheckpoint`. */
  async verify(checkpoint: string): Promise<void> {
    const files = await openFiles(this.directory, checkpoint);
    for (const name of ["config.json", "model.safetensors", "labels.json"] as const) {
      if (name !== "labels.json" || files.has(name)) await files.read(name);
    }
  }
  /** @throws {DomainError} `not_found`, if the id is not well-formed. */
  async remove(checkpoint: string): Promise<void> {
    const path = join(this.directory, checkId("ckpt", checkpoint));
    this.#models.delete(checkpoint);
    // Under a writer's name for what is unfinished: a removal that is cut short leaves no checkpoint that lacks files.
    const doomed = join(this.directory, `.${checkpoint}.tmp`);
    try {
      await Deno.rename(path, doomed);
      await Deno.remove(doomed, { recursive: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

/**
 * Removes what writers that were killed have left, and removals that were cut short. To be called before any writer starts.
 *
 * @returns The removed directories' names.
 */
export async function sweepUnfinished(directory: string): Promise<string[]> {
  const swept = (await namesIn(directory)).filter((name) => {
    const id = name.match(/^\.(.+)\.tmp$/)?.[1];
    return id !== undefined && isId("ckpt", id);
  });
  for (const name of swept) await Deno.remove(join(directory, name), { recursive: true });
  return swept.sort();
}

/** `labels.json`: the classes' names, in the order of a classifier's outputs. */
const Labels = z.array(z.string());
const readLabels = async (files: CheckedFiles): Promise<string[]> =>
  files.has("labels.json") ? Labels.parse(parseJson(await files.read("labels.json"))) : [];

interface CheckedFiles {
  has(name: Manifest["files"][number]["name"]): boolean;
  /** A file's bytes, after their hash has been checked. */
  read(name: Manifest["files"][number]["name"]): Promise<Uint8Array<ArrayBuffer>>;
  damaged(name: string, reason: string): DomainError;
}

async function openFiles(directory: string, id: string): Promise<CheckedFiles> {
  const path = join(directory, checkId("ckpt", id));
  const damaged = (name: string, reason: string): DomainError =>
    new DomainError("conflict", `Cannot read ${id}: its ${name} is damaged: ${reason}`, {
      type: "checkpoint_damaged",
    });
  const missing = () => new DomainError("not_found", `Cannot find checkpoint ${id}: there is none`);
  const bytes = await readIfPresent(join(path, MANIFEST));
  if (!bytes) throw missing();
  let manifest: Manifest;
  try {
    manifest = Manifest.parse(parseJson(bytes));
  } catch (error) {
    throw damaged(MANIFEST, (error as Error).message);
  }
  return {
    damaged,
    has: (name) => manifest.files.some((file) => file.name === name),
    async read(name) {
      const listed = manifest.files.find((file) => file.name === name);
      const found = await readIfPresent(join(path, name));
      if (!found && !await readIfPresent(join(path, MANIFEST))) throw missing(); // removed meanwhile
      if (!listed || !found) throw damaged(name, listed ? "it is missing" : "the manifest lacks it");
      const { sha256 } = await describeFile(name, found);
      if (sha256 !== listed.sha256) {
        throw damaged(name, `the manifest has SHA-256 ${listed.sha256}, got ${sha256}`);
      }
      return found;
    },
  };
}

async function readIfPresent(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

const parseJson = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes));
