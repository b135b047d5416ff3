import { Buffer } from "node:buffer";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { unpackTar } from "modern-tar";
import { describeFile } from "../../../src/checkpoint/manifest.ts";
import { decodeSafetensors } from "../../../src/checkpoint/safetensors.ts";
import { DomainError } from "../../../src/domain/errors.ts";
import { ARCHIVE, type Layout, LAYOUTS } from "../../../src/domain/layout.ts";
import { FileCheckpointExporter } from "../../../src/export/exporter.ts";
import { exported, tensorsOf, withExports } from "./export_scene.ts";

const RESNET = { arch: "resnet18", labels: ["cat", "dog", "ship"] };

Deno.test("an exported file has the bytes and the hash that it is said to, in whichever ranges it is read", () =>
  withExports(async ({ exporter, directory, keep }) => {
    const checkpoint = await keep(RESNET), names: string[] = [];
    for (const layout of LAYOUTS) {
      const archive = await exported(exporter, checkpoint, layout, ARCHIVE);
      const entries = await unpackTar(archive);
      for (const { header, data } of entries) {
        const name = header.name.replace(`${checkpoint.id}/`, "");
        names.push(`${layout} ${name}`);
        const { bytes, sha256 } = await exporter.file(checkpoint, layout, name);
        assertEquals(await describeFile(name, data as Uint8Array<ArrayBuffer>), { name, bytes, sha256 });
      }
      const file = await exporter.file(checkpoint, layout, ARCHIVE), last = file.bytes - 1;
      assertEquals((await describeFile("", archive)).sha256, file.sha256);
      for (const [start, end] of [[0, 0], [last, last], [last >> 1, (last >> 1) + 200_000], [7, 3000]]) {
        const part = await new Response(await file.open({ start, end })).bytes();
        assert(areSame(part, archive.subarray(start, end + 1)), `${layout} ${start}-${end}`);
      }
      const name = entries[0].header.name.split("/")[1],
        { bytes, sha256 } = await exporter.file(checkpoint, layout, name);
      assertEquals(await describeFile(name, await exported(exporter, checkpoint, layout, name)), {
        name,
        bytes,
        sha256,
      });
    }
    // Another exporter, asked later, makes the same bytes.
    const again = new FileCheckpointExporter(directory),
      { sha256 } = await again.file(checkpoint, "onnx", ARCHIVE);
    assertEquals(sha256, (await exporter.file(checkpoint, "onnx", ARCHIVE)).sha256);
    again.close();
    assertEquals(names, [
      ...["torchvision model.safetensors", "torchvision config.json", "torchvision labels.json"],
      ...["timm model.safetensors", "timm config.json"],
      ...[
        "transformers config.json",
        "transformers model.safetensors",
        "transformers preprocessor_config.json",
      ],
      "onnx model.onnx",
    ]);
  }));

Deno.test("an archive is a tar that tells of no time and no owner, in files that all may read", () =>
  withExports(async ({ exporter, keep }) => {
    const checkpoint = await keep({ arch: "cifar_resnet8" });
    const entries = await unpackTar(await exported(exporter, checkpoint, "torchvision", ARCHIVE));
    assertEquals(
      entries.map((
        { header: { name, type, mode, mtime, uid, gid } },
      ) => [name, type, mode, mtime?.getTime(), uid, gid]),
      ["model.safetensors", "config.json"].map((
        name,
      ) => [`${checkpoint.id}/${name}`, "file", 0o644, 0, 0, 0]),
    );
    const list = new Deno.Command("tar", { args: ["-tf", "-"], stdin: "piped", stdout: "piped" }).spawn();
    const { bytes, open } = await exporter.file(checkpoint, "torchvision", ARCHIVE);
    await (await open({ start: 0, end: bytes - 1 })).pipeTo(list.stdin);
    const { success, stdout } = await list.output();
    assertEquals([success, new TextDecoder().decode(stdout).trim().split("\n")], [
      true,
      entries.map(({ header }) => header.name),
    ]);
  }));

Deno.test("a model laid out for transformers holds the same values", () =>
  withExports(async ({ exporter, keep }) => {
    const model = tensorsOf(RESNET), checkpoint = await keep(RESNET);
    const renamed = decodeSafetensors(
      await exported(exporter, checkpoint, "transformers", "model.safetensors"),
    );
    assertEquals(renamed.size, model.size);
    const pairs = {
      "conv1.weight": "resnet.embedder.embedder.convolution.weight",
      "layer3.0.downsample.1.running_var":
        "resnet.encoder.stages.2.layers.0.shortcut.normalization.running_var",
      "layer4.1.bn2.num_batches_tracked":
        "resnet.encoder.stages.3.layers.1.layer.1.normalization.num_batches_tracked",
      "fc.bias": "classifier.1.bias",
    };
    for (const [ours, theirs] of Object.entries(pairs)) {
      assertEquals(renamed.get(theirs)?.shape, [...model.get(ours)!.shape]);
      assertEquals(renamed.get(theirs)?.data, model.get(ours)!.data);
    }
  }));

Deno.test("requests at once have a file made once, and a failure is not remembered", () =>
  withExports(async ({ exporter, directory, keep }) => {
    const checkpoint = await keep({ arch: "cifar_resnet8" }), asked = countMessages();
    try {
      const files = await Promise.all(
        Array.from({ length: 8 }, () => exporter.file(checkpoint, "onnx", "model.onnx")),
      );
      assertEquals([asked(), new Set(files.map(({ sha256 }) => sha256)).size], [1, 1]);
      await exporter.file(checkpoint, "onnx", "model.onnx");
      assertEquals(asked(), 1);
      const config = join(directory, checkpoint.id, "config.json"), text = await Deno.readTextFile(config);
      await Deno.writeTextFile(config, text.replace("0.485", "0.486"));
      const error = await assertRejects(() => exporter.file(checkpoint, "timm", "config.json"), DomainError);
      assertEquals([error.code, error.options.type], ["conflict", "checkpoint_damaged"]);
      await Deno.writeTextFile(config, text);
      await assertRejects(
        () => exporter.file(checkpoint, "timm", "config.json"),
        DomainError,
        "no ResNet with a 3×3 stem",
      );
      assertEquals(asked(), 3);
    } finally {
      asked.restore();
    }
  }));

Deno.test("what is being read is read to its end when its checkpoint is deleted, and then there is no more", () =>
  withExports(async ({ exporter, directory, keep }) => {
    const checkpoint = await keep(RESNET);
    const whole = await exported(exporter, checkpoint, "onnx", "model.onnx");
    const { bytes, open } = await exporter.file(checkpoint, "onnx", "model.onnx");
    const reader = (await open({ start: 0, end: bytes - 1 })).getReader();
    const first = (await reader.read()).value!;
    await Deno.remove(join(directory, checkpoint.id), { recursive: true });
    const isNext = (part: Uint8Array) => areSame(part, whole.subarray(read, read + part.length));
    let read = 0, same = isNext(first);
    read += first.length;
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      same &&= isNext(part.value);
      read += part.value.length;
    }
    assertEquals([read, same], [bytes, true]);
    await assertRejects(() => open({ start: 0, end: 9_999_999 }), Deno.errors.NotFound);
    const gone = await assertRejects(() => exporter.file(checkpoint, "timm", "config.json"), DomainError);
    assertEquals([gone.code, gone.options.type], ["conflict", "checkpoint_damaged"]);
  }));

Deno.test("a layout has its files only, and a closed exporter makes none", () =>
  withExports(async ({ exporter, keep }) => {
    const checkpoint = await keep(RESNET);
    const missing = await assertRejects(
      () => exporter.file(checkpoint, "timm", "../manifest.json"),
      DomainError,
    );
    assertEquals(missing.code, "not_found");
    assert(missing.message.endsWith("has model.safetensors, config.json"), missing.message);
    const pending = exporter.file(checkpoint, "onnx", ARCHIVE);
    exporter.close();
    for (const asked of [pending, exporter.file(checkpoint, "timm" satisfies Layout, ARCHIVE)]) {
      assertEquals((await assertRejects(() => asked, DomainError)).code, "unavailable");
    }
  }));

Deno.test("a thread that crashes fails what was asked of it, and the next request gets another", () =>
  withExports(async ({ exporter, keep }) => {
    const checkpoint = await keep(RESNET), { Worker: Thread } = globalThis, threads: Worker[] = [];
    globalThis.Worker = class extends Thread {
      constructor(...how: ConstructorParameters<typeof Worker>) {
        super(...how);
        threads.push(this);
      }
    };
    try {
      const pending = exporter.file(checkpoint, "onnx", ARCHIVE);
      threads[0].dispatchEvent(new ErrorEvent("error", { message: "out of memory", cancelable: true }));
      await assertRejects(() => pending, Error, "its thread has crashed: out of memory");
      assertEquals((await exporter.file(checkpoint, "timm", "config.json")).bytes > 0, true);
      assertEquals(threads.length, 2);
    } finally {
      globalThis.Worker = Thread;
    }
  }));

const areSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** Counts what threads are sent, until `restore` is called. */
function countMessages(): (() => number) & { restore(): void } {
  const { postMessage } = Worker.prototype;
  let count = 0;
  Worker.prototype.postMessage = function (...sent: unknown[]) {
    count++;
    return postMessage.apply(this, sent as Parameters<typeof postMessage>);
  };
  return Object.assign(() => count, { restore: () => void (Worker.prototype.postMessage = postMessage) });
}
