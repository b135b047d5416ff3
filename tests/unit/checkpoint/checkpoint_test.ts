import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import {
  FileCheckpointLibrary,
  readCheckpoint,
  readModel,
  sweepUnfinished,
} from "../../../src/checkpoint/checkpoint_reader.ts";
import { type Disk, writeCheckpoint } from "../../../src/checkpoint/checkpoint_writer.ts";
import { CHECKPOINT_FILES } from "../../../src/domain/checkpoint.ts";
import { DomainError } from "../../../src/domain/errors.ts";
import { newId } from "../../../src/domain/ids.ts";
import { removeTree, syncDirectory } from "../../../src/files/durable.ts";
import { CLASSIFIER, CONTENTS, DESCRIPTION } from "./checkpoint_scene.ts";

/** What a pretrain job keeps. */
const FILES = CHECKPOINT_FILES.filter((name) => name !== "labels.json");

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
    assertEquals(await readModel(directory, id), {
      ...{ tensors: CONTENTS.model, config: DESCRIPTION, labels: [] },
    });
    assertEquals(await new FileCheckpointLibrary(directory).model(id), DESCRIPTION);
  }));

Deno.test("a classifier is a model alone, with its classes' names, and nobody goes on from it", () =>
  withDirectory(async (directory) => {
    const id = newId("ckpt"), library = new FileCheckpointLibrary(directory);
    const files = await writeCheckpoint(directory, id, CLASSIFIER);
    assertEquals(files.map(({ name }) => name), [
      ...["model.safetensors", "config.json", "labels.json", "manifest.json"],
    ]);
    const { tensors, config, labels } = await readModel(directory, id);
    assertEquals([tensors, labels, config.classes], [CLASSIFIER.model, ["cat", "dog"], 2]);
    await rejectsWith("invalid", "not_resumable", () => readCheckpoint(directory, id));
    await library.verify(id);
    await Deno.writeTextFile(library.path(id, "labels.json"), '["dog", "cat"]');
    await rejectsWith("conflict", "checkpoint_damaged", () => library.verify(id));
    await rejectsWith("conflict", "checkpoint_damaged", () => readModel(directory, id));
  }));

Deno.test("writeCheckpoint() lists every file with its size and hash", () =>
  withDirectory(async (directory) => {
    const id = newId("ckpt"), library = new FileCheckpointLibrary(directory);
    const files = await writeCheckpoint(directory, id, CONTENTS);
    assertEquals(files.map(({ name }) => name), FILES);
    assertEquals(names(join(directory, id)), FILES.toSorted());
    for (const [i, name] of FILES.entries()) {
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
    for (let files = 0; files <= FILES.length; files++) {
      const id = newId("ckpt"), temporary = join(directory, `.${id}.tmp`);
      await Deno.mkdir(temporary);
      for (const name of FILES.slice(0, files)) {
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

for (const name of FILES) {
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

/** A real disk whose `n`-th call, from 1, fails with a code of the system's; and, if it breaks, each one after it. */
function failingDisk(n: number, code: string, breaks: boolean): Disk & { calls: number } {
  const real: Disk = {
    makeDirectory: (path) => Deno.mkdir(path, { recursive: true }),
    write: (path, bytes) => Deno.writeFile(path, bytes, { createNew: true }),
    rename: (from, to) => Deno.rename(from, to),
    syncDirectory,
    remove: removeTree,
  };
  const disk = { calls: 0 } as Disk & { calls: number };
  for (const [name, call] of Object.entries(real) as [keyof Disk, (...args: unknown[]) => Promise<void>][]) {
    disk[name] = async (...args: unknown[]) => {
      const at = ++disk.calls;
      if (at === n || (breaks && at > n)) throw Object.assign(new Error(`${code}: ${name}`), { code });
      await call(...args);
    };
  }
  return disk;
}

for (
  const [code, breaks] of [["ENOSPC", false], ["EDQUOT", false], ["EIO", false], ["EIO", true], [
    "EROFS",
    true,
  ]] as const
) {
  Deno.test(`a disk that fails at any call with ${code}${breaks ? ", and ever after," : ""} costs that checkpoint only`, () =>
    withDirectory(async (directory) => {
      const earlier = newId("ckpt");
      await writeCheckpoint(directory, earlier, CONTENTS);
      const whole = await readCheckpoint(directory, earlier);
      let n = 0;
      for (let through = false; !through;) {
        const id = newId("ckpt"), disk = failingDisk(++n, code, breaks);
        await writeCheckpoint(directory, id, CONTENTS, disk).then(() => through = true, (error) => {
          assert(error instanceof DomainError && error.code === "disk_full", String(error));
        });
        assertEquals(await readCheckpoint(directory, earlier), whole);
        if (through) assertEquals(names(directory), [earlier, id].sort());
        else if (!breaks) assertEquals(names(directory), [earlier], `call ${n} failed`);
        // A disk that takes nothing leaves what the next start sweeps, or what no row lists.
        await sweepUnfinished(directory);
        if (!through) await removeTree(join(directory, id));
        assertEquals(names(directory).length, through ? 2 : 1);
      }
      assert(n > 8, `only ${n} calls: is this test looking at them?`);
    }));
}
