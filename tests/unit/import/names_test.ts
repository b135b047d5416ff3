// Every spelling is the same checkpoint, byte for byte, as torchvision's: whatever is made of one is made of the other.
import { assert, assertEquals } from "@std/assert";
import { resnetSpec } from "../../../src/nn/resnet_architecture.ts";
import { ARCHS } from "../../../src/domain/pretrain.ts";
import { encoderTensors, findArch } from "../../../src/import/architecture.ts";
import type { NamedTensors } from "../../../src/domain/tensor_data.ts";
import { transformersName } from "../../../src/export/transformers.ts";
import { torchvisionName } from "../../../src/import/tensor_names.ts";
import { tensorsOf } from "../export/export_scene.ts";
import { bytesOf, foreignFile, renamed, safetensors, withImports } from "./import_scene.ts";

const ARCH = "cifar_resnet8", LABELS = ["0", "1", "2"];
const HEADLESS = tensorsOf({ arch: ARCH }), WITH_HEAD = tensorsOf({ arch: ARCH, labels: LABELS });
const NOISE = { shape: [2, 1], data: Float32Array.of(1, 2) };

/** What each spelling makes of torchvision's names. */
const SPELLINGS: Record<string, (tensors: NamedTensors, head: boolean) => NamedTensors> = {
  "torchvision's and timm's": (tensors) => tensors,
  "transformers'": (tensors, head) => renamed(tensors, (name) => transformersName(name, head)),
  "transformers', its encoder alone": (tensors, head) =>
    renamed(tensors, (name) => {
      const own = transformersName(name, head)!;
      return head && !own.startsWith("classifier") ? own.replace("resnet.", "") : own;
    }),
  "behind encoder.": (tensors) => renamed(tensors, (name) => `encoder.${name}`),
  "behind module.": (tensors) => renamed(tensors, (name) => `module.${name}`),
  "behind module.backbone.": (tensors) => renamed(tensors, (name) => `module.backbone.${name}`),
  "behind model.": (tensors) => renamed(tensors, (name) => `model.${name}`),
  "a training state": (tensors) =>
    new Map([
      ...renamed(tensors, (name) => `online.encoder.${name}`),
      ...[
        "online.projector.0.weight",
        "online.predictor.3.weight",
        "target.encoder.conv1.weight",
        "loss_scale",
      ]
        .map((name) => [name, NOISE] as const),
      ...["target.projector.1.running_mean", "optimizer.momentum.online.encoder.bn1.bias", "projector.0.bias"]
        .map((name) => [name, NOISE] as const),
    ]),
};

for (const [tensors, head] of [[HEADLESS, false], [WITH_HEAD, true]] as const) {
  Deno.test(`the same checkpoint comes of every spelling ${head ? "with" : "without"} a head`, () =>
    withImports(async (scene) => {
      const expected = safetensors(tensors);
      for (const [spelling, spell] of Object.entries(SPELLINGS)) {
        for (const arch of [undefined, ARCH] as const) {
          const made = await scene.import(safetensors(spell(tensors, head)), { arch });
          assertEquals(await scene.model(made), expected, spelling);
          assertEquals([made.arch, made.px, made.job, made.step], [ARCH, 32, null, 0]);
        }
      }
    }));
}

Deno.test("a torchvision model with a head keeps its numbers, or the names in its metadata, as labels", () =>
  withImports(async (scene) => {
    const tensors = tensorsOf({ arch: "resnet18", labels: ["a", "b", "c", "d"] });
    const plain = await scene.import(safetensors(tensors));
    assertEquals([plain.arch, plain.px, plain.files.map(({ name }) => name)], ["resnet18", 224, [
      ...["model.safetensors", "config.json", "labels.json", "manifest.json"],
    ]]);
    const { labels, config } = await scene.read(plain);
    assertEquals([labels, config.classes, config.dim], [["0", "1", "2", "3"], 4, 512]);
    const names = ["tench", "Spaniel", "cassette", "チェーンソー"];
    const named = await scene.import(safetensors(tensors, { labels: JSON.stringify(names) }), { px: 96 });
    assertEquals([(await scene.read(named)).labels, named.px], [names, 96]);
  }));

Deno.test("norms without num_batches_tracked are taken, and counted from 0", () =>
  withImports(async (scene) => {
    const without = renamed(HEADLESS, (name) => name.endsWith("num_batches_tracked") ? undefined : name);
    const { tensors } = await scene.read(await scene.import(safetensors(without)));
    assertEquals([...tensors.keys()].sort(), [...HEADLESS.keys()].sort());
    assertEquals(tensors.get("bn1.num_batches_tracked")!.data, BigInt64Array.of(0n));
  }));

Deno.test("half precision becomes f32: every value of f16 and bf16 is one", () =>
  withImports(async (scene) => {
    const halves = { // values, and the f32 that they are
      F16: (x: Float32Array) => {
        const half = new Float16Array(x);
        return [new Uint8Array(half.buffer), Float32Array.from(half)] as const;
      },
      BF16: (x: Float32Array) => {
        const upper = Uint16Array.from(new Uint32Array(Float32Array.from(x).buffer), (bits) => bits >>> 16);
        const cut = Uint32Array.from(upper, (bits) => bits * 65536);
        return [new Uint8Array(upper.buffer), new Float32Array(cut.buffer)] as const;
      },
    };
    for (const [dtype, convert] of Object.entries(halves)) {
      const file = foreignFile(
        [...WITH_HEAD].map(([name, { shape, data }]) =>
          data instanceof Float32Array
            ? { name, dtype, shape, bytes: convert(data)[0] }
            : { name, dtype: "I64", shape, bytes: bytesOf({ data }) }
        ),
      );
      const { tensors } = await scene.read(await scene.import(file));
      for (const [name, { data }] of WITH_HEAD) {
        if (data instanceof Float32Array) {
          assertEquals(tensors.get(name)!.data, convert(data)[1], `${dtype} ${name}`);
        }
      }
    }
  }));

Deno.test("mean, std and px are the checkpoint's preprocessing", () =>
  withImports(async (scene) => {
    const made = await scene.import(safetensors(HEADLESS), {
      ...{ px: 40, channelMean: [0.1, 0.2, 0.3], channelStd: [1, 2, 3] },
    });
    assertEquals((await scene.read(made)).config.preprocessing, {
      ...{ px: 40, channel_mean: [0.1, 0.2, 0.3], channel_std: [1, 2, 3] },
    });
  }));

Deno.test("shapes tell every architecture from all others", () => {
  for (const arch of ARCHS) {
    const { floats, spec } = encoderTensors(arch);
    assertEquals(findArch(floats), arch);
    assertEquals(spec, resnetSpec(arch));
  }
  assert(ARCHS.length > 40);
});

Deno.test("names that no ResNet has are none, and what was for training is told apart from them", () => {
  const strange = [
    "",
    "conv1",
    "conv1.weight.",
    "xconv1.weight",
    "layer1.0.conv1.gamma",
    "queue",
    "head.0.weight",
  ];
  strange.push(
    "__proto__",
    "constructor",
    "model.",
    "model.".repeat(1000) + "conv1.weight",
    "my_projector.weight",
  );
  for (const name of strange) assertEquals(torchvisionName(name), undefined, name);
  for (const name of ["projector.0.weight", "module.predictor.3.bias", "target.encoder.conv1.weight"]) {
    assertEquals(torchvisionName(name), "training", name);
  }
});
