import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { DomainError } from "../../../src/domain/errors.ts";
import { newId } from "../../../src/domain/ids.ts";
import { sweepImports } from "../../../src/import/importer.ts";
import { chunked } from "../api/api_scene.ts";
import { tensorsOf } from "../export/export_scene.ts";
import { safetensors, withImports } from "./import_scene.ts";

const FILE = safetensors(tensorsOf({ arch: "cifar_resnet8" }));

Deno.test("imports at once are checkpoints of their own, whole when they are listed", () =>
  withImports(async (scene) => {
    const made = await Promise.all([FILE, FILE, FILE].map((file) => scene.import(file)));
    assertEquals(new Set(made.map(({ id }) => id)).size, 3);
    assertEquals(scene.listed.map(({ id }) => id).sort(), made.map(({ id }) => id).sort());
    assertEquals(scene.there(), made.map(({ id }) => id).sort()); // no upload is left
    for (const one of made) assertEquals(await scene.model(one), FILE);
  }));

Deno.test("an upload that is too large, empty or broken off leaves nothing", () =>
  withImports(async (scene) => {
    const codeOf = async (body: ReadableStream<Uint8Array>) =>
      (await assertRejects(() => scene.importer.import(body, {}), DomainError) as DomainError).code;
    assertEquals(await codeOf(chunked(new Uint8Array(1000), 3)), "too_large");
    assertEquals(await codeOf(chunked(new Uint8Array(0), 1)), "malformed");
    const broken = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(FILE.slice(0, 99)),
      pull: (controller) => controller.error(new Error("gone")),
    });
    assertEquals(await codeOf(broken), "malformed");
    assertEquals(scene.there(), []);
  }, { maxBytes: 2500 }));

Deno.test("a checkpoint that cannot be listed is not there", () =>
  withImports(async (scene) => {
    await assertRejects(() => scene.import(FILE), DomainError, "no room");
    assertEquals(scene.there(), []);
  }, {
    list: () => {
      throw new DomainError("disk_full", "no room");
    },
  }));

Deno.test("a server that stops imports no more", () =>
  withImports(async (scene) => {
    const waiting = [scene.import(FILE), scene.import(FILE)];
    scene.importer.close();
    const ended = await Promise.allSettled([...waiting, scene.import(FILE)]);
    assertEquals(
      ended.map((one) => one.status === "rejected" && one.reason.code),
      Array(3).fill("unavailable"),
    );
    assertEquals(scene.listed, []);
  }));

Deno.test("what a dead server was importing goes at the start; what it had listed stays", () =>
  withImports(async ({ directory, there }) => {
    const [listed, unlisted, other] = [newId("ckpt"), newId("ckpt"), newId("ckpt")];
    for (const id of [listed, unlisted, other]) await Deno.mkdir(join(directory, id));
    for (const id of [listed, unlisted]) await Deno.writeFile(join(directory, `.${id}.upload`), FILE);
    await Deno.writeFile(join(directory, ".mine.upload"), FILE);
    await sweepImports(directory, (id) => id === listed);
    assertEquals(there(), [".mine.upload", listed, other].sort());
    await sweepImports(join(directory, "nothing"), () => true);
  }));
