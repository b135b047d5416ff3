import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import {
  FileCheckpointLibrary,
  readCheckpoint,
  readModel,
  sweepUnfinished,
} from "../../../src/checkpoint/checkpoint_reader.ts";
import { type CheckpointContents, writeCheckpoint } from "../../../src/checkpoint/checkpoint_writer.ts";
import { modelConfig } from "../../../src/checkpoint/model_config.ts";
import { CHECKPOINT_FILES } from "../../../src/domain/checkpoint.ts";
import { DomainError } from "../../../src/domain/errors.ts";
import { newId } from "../../../src/domain/ids.ts";
import { aPretrainConfig } from "../../contract/pretrain_config.ts";

const DESCRIPTION = {
  arch: "cifar_resnet8",
  dim: 64,
  preprocessing: {
    px: 32,
    channel_mean: [0.485, 0.456, 0.406] as [number, number, number],
    channel_std: [0.229, 0.224, 0.225] as [number, number, number],
  },
};
const CONTENTS: CheckpointContents = {
  model: new Map([
    ["conv1.weight", { shape: [1, 1, 1, 2], data: Float32Array.of(0.1, -0.2) }],
    ["bn1.num_batches_tracked", { shape: [], data: BigInt64Array.of(14n) }],
  ]),
  trainingState: new Map([["online.encoder.conv1.weight", { shape: [2], data: Float32Array.of(0.1, -0.2) }]]),
  state: {
    step: 7,
    config: {
      ...aPretrainConfig({ arch: "cifar_resnet8", steps: 20, batch: 8 }, 40),
      channel_mean: DESCRIPTION.preprocessing.channel_mean,
      channel_std: DESCRIPTION.preprocessing.channel_std,
    },
    dataset: { id: "ds_01ARZ3NDEKTSV4RRFFQ69G5FAV", fingerprint: `sha256:${"0".repeat(64)}` },
    rng: { seed: 0 },
    sampler: { epoch: 1, step_in_epoch: 2 },
    versions: { latentd: "0.1.0", format: 1, deno: "2.9.6" },
  },
  config: modelConfig(DESCRIPTION),
};

/** Runs `body` with a directory for checkpoints that is not there yet. */
async function withDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir();
  try {
    await body(join(root, "checkpoints"));
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}
async function rejectsWith(
  code: string,
  type: string | undefined,
  work: () => Promise<unknown>,
): Promise<void> {
  const error: DomainError = await assertRejects(work, DomainError);
  assertEquals([error.code, error.options.type], [code, type], error.message);
}
const names = (directory: string) => [...Deno.readDirSync(directory)].map(({ name }) => name).sort();

Deno.test("readCheckpoint() and readModel() give back what writeCheckpoint() was given", () =>
  withDirectory(async (directory) => {
    const id = newId("ckpt");
    await writeCheckpoint(directory, id, CONTENTS);
    assertEquals(names(directory), [id]);
    assertEquals(await readCheckpoint(directory, id), { ...CONTENTS, config: DESCRIPTION });
    assertEquals(await readModel(directory, id), { tensors: CONTENTS.model, config: DESCRIPTION });
    assertEquals(await new FileCheckpointLibrary(directory).model(id), DESCRIPTION);
  }));

Deno.test("writeCheckpoint() lists every file with its size and hash", () =>
  withDirectory(async (directory) => {
    const id = newId("ckpt"), library = new FileCheckpointLibrary(directory);
    const files = await writeCheckpoint(directory, id, CONTENTS);
    assertEquals(files.map(({ name }) => name), [...CHECKPOINT_FILES]);
    assertEquals(names(join(directory, id)), [...CHECKPOINT_FILES].sort());
    for (const [i, name] of CHECKPOINT_FILES.entries()) {
      const bytes = await Deno.readFile(library.path(id, name));
      const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
      assertEquals(files[i], { name, bytes: bytes.length, sha256: hash });
    }
    const manifest = JSON.parse(await Deno.readTextFile(library.path(id, "manifest.json")));
    assertEquals(manifest, { format: 1, files: files.slice(0, -1) });
  }));

Deno.test("writeCheckpoint() never changes a checkpoint, and leaves nothing behind when it fails", () =>
  withDirectory(async (directory) => {
    const id = newId("ckpt");
    const files = await writeCheckpoint(directory, id, CONTENTS);
    await rejectsWith(
      "conflict",
      undefined,
      () => writeCheckpoint(directory, id, { ...CONTENTS, model: new Map() }),
    );
    assertEquals(names(directory), [id]);
    const manifest = await Deno.readFile(join(directory, id, "manifest.json"));
    assertEquals(manifest.length, files.at(-1)!.bytes);

    const wrong = new Map([["x", { shape: [3], data: new Float32Array(2) }]]);
    await assertRejects(
      () => writeCheckpoint(directory, newId("ckpt"), { ...CONTENTS, trainingState: wrong }),
      RangeError,
    );
    assertEquals(names(directory), [id]);
  }));

Deno.test("a writer killed between files leaves no checkpoint, and the next start sweeps", () =>
  withDirectory(async (directory) => {
    const whole = newId("ckpt");
    await writeCheckpoint(directory, whole, CONTENTS);
    // Killed before the first file, after each of them, and just before the rename.
    const killed: string[] = [];
    for (let files = 0; files <= CHECKPOINT_FILES.length; files++) {
      const id = newId("ckpt"), temporary = join(directory, `.${id}.tmp`);
      await Deno.mkdir(temporary);
      for (const name of CHECKPOINT_FILES.slice(0, files)) {
        await Deno.copyFile(join(directory, whole, name), join(temporary, name));
      }
      await rejectsWith("not_found", undefined, () => readCheckpoint(directory, id));
      killed.push(id);
    }
    assertEquals(await sweepUnfinished(directory), killed.map((id) => `.${id}.tmp`).sort());
    assertEquals(names(directory), [whole]);
    assertEquals((await readCheckpoint(directory, whole)).state.step, 7);
    assertEquals(await sweepUnfinished(directory), []);
  }));

Deno.test("writeCheckpoint() starts afresh over what a killed writer of the same id has left", () =>
  withDirectory(async (directory) => {
    const id = newId("ckpt");
    await Deno.mkdir(join(directory, `.${id}.tmp`), { recursive: true });
    await Deno.writeTextFile(join(directory, `.${id}.tmp`, "model.safetensors"), "half");
    await writeCheckpoint(directory, id, CONTENTS);
    assertEquals(names(directory), [id]);
    assertEquals((await readModel(directory, id)).tensors, CONTENTS.model);
  }));

Deno.test("sweepUnfinished() takes nothing that is not a writer's, and needs no directory", () =>
  withDirectory(async (directory) => {
    assertEquals(await sweepUnfinished(directory), []);
    await Deno.mkdir(join(directory, ".other.tmp"), { recursive: true });
    assertEquals(await sweepUnfinished(directory), []);
    assertEquals(names(directory), [".other.tmp"]);
  }));

Deno.test("FileCheckpointLibrary removes a checkpoint and nothing else, half a removal being swept", () =>
  withDirectory(async (directory) => {
    const library = new FileCheckpointLibrary(directory), [a, b] = [newId("ckpt"), newId("ckpt")];
    await library.remove(a);
    for (const id of [a, b]) await writeCheckpoint(directory, id, CONTENTS);
    await Deno.mkdir(join(directory, "other"));
    await library.remove(a);
    assertEquals(names(directory), [b, "other"].sort());
    await rejectsWith("not_found", undefined, () => library.remove("../x"));
    await Deno.rename(join(directory, b), join(directory, `.${b}.tmp`)); // killed behind the rename
    assertEquals(await sweepUnfinished(directory), [`.${b}.tmp`]);
    assertEquals(names(directory), ["other"]);
  }));

Deno.test("a checkpoint that is removed while it is read is whole or not found, never damaged", () =>
  withDirectory(async (directory) => {
    const library = new FileCheckpointLibrary(directory);
    for (let i = 0; i < 20; i++) {
      const id = newId("ckpt");
      await writeCheckpoint(directory, id, CONTENTS);
      const reading = readCheckpoint(directory, id).then(() => "whole", (error) => error.code);
      await library.remove(id);
      const outcome = await reading;
      assert(["whole", "not_found"].includes(outcome), outcome);
    }
  }));

Deno.test("a checkpoint without a manifest does not exist, nor does an id that is a path", () =>
  withDirectory(async (directory) => {
    const id = newId("ckpt"), library = new FileCheckpointLibrary(directory);
    await writeCheckpoint(directory, id, CONTENTS);
    await Deno.remove(library.path(id, "manifest.json"));
    await rejectsWith("not_found", undefined, () => library.model(id));
    await rejectsWith("not_found", undefined, () => readModel(directory, id));
    await rejectsWith("not_found", undefined, () => readModel(directory, newId("ckpt")));
    await rejectsWith("not_found", undefined, () => readModel(directory, `../checkpoints/${id}`));
    await rejectsWith("not_found", undefined, () => writeCheckpoint(directory, "../out", CONTENTS));
    await rejectsWith("not_found", undefined, () => Promise.try(() => library.path("..", "state.json")));
  }));

for (const name of CHECKPOINT_FILES) {
  Deno.test(`readCheckpoint() refuses a checkpoint whose ${name} has changed on disk or is gone`, () =>
    withDirectory(async (directory) => {
      const id = newId("ckpt"), path = join(directory, id, name);
      await writeCheckpoint(directory, id, CONTENTS);
      const bytes = await Deno.readFile(path);
      bytes[bytes.length >> 1] ^= 1;
      await Deno.writeFile(path, bytes);
      await rejectsWith("conflict", "checkpoint_damaged", () => readCheckpoint(directory, id));
      if (name === "manifest.json") return;
      await Deno.remove(path);
      await rejectsWith("conflict", "checkpoint_damaged", () => readCheckpoint(directory, id));
    }));
}

Deno.test("writeCheckpoint() says that the disk is full", async () => {
  const id = newId("ckpt");
  // What a write to /dev/full rejects with; the tests' permissions do not reach that file.
  const full = Object.assign(new Error("No space left on device (os error 28)"), { code: "ENOSPC" });
  const open = Deno.open;
  try {
    Deno.open = async (...args) => {
      const file = await open(...args);
      file.write = () => Promise.reject(full);
      return file;
    };
    await withDirectory((directory) =>
      rejectsWith("disk_full", undefined, () => writeCheckpoint(directory, id, CONTENTS))
    );
  } finally {
    Deno.open = open;
  }
  assert(Deno.open === open);
});
