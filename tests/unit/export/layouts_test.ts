import { assert, assertEquals, assertThrows } from "@std/assert";
import { modelConfig, readModelConfig } from "../../../src/checkpoint/model_config.ts";
import { decodeHeader, encodeHeader } from "../../../src/checkpoint/safetensors.ts";
import { DomainError } from "../../../src/domain/errors.ts";
import type { Layout } from "../../../src/domain/layout.ts";
import type { KeptModel } from "../../../src/export/kept_model.ts";
import { layoutFiles } from "../../../src/export/layout_files.ts";
import { onnxPieces } from "../../../src/export/onnx.ts";
import { bytesOf } from "../../../src/export/pieces.ts";
import { transformersPreprocessor } from "../../../src/export/transformers.ts";
import { descriptionOf, type ModelRequest } from "./export_scene.ts";

// Names and shapes as each program's own source builds them; nothing here is shared with the exporter. The sources:
// torchvision/models/resnet.py and timm/models/resnet.py, transformers/models/resnet/modeling_resnet.py.
interface Net {
  bottleneck: boolean;
  depths: number[];
  /** The stem's channels. */
  stem: number;
  window: number;
}
const DEPTHS: Record<string, [bottleneck: boolean, depths: number[]]> = {
  resnet18: [false, [2, 2, 2, 2]],
  resnet34: [false, [3, 4, 6, 3]],
  resnet50: [true, [3, 4, 6, 3]],
  resnet101: [true, [3, 4, 23, 3]],
  resnet152: [true, [3, 8, 36, 3]],
  resnet200: [true, [3, 24, 36, 3]],
};
type Shapes = Record<string, number[]>;

const norm = (name: string, channels: number): Shapes => ({
  ...Object.fromEntries(
    ["weight", "bias", "running_mean", "running_var"].map((of) => [`${name}.${of}`, [channels]]),
  ),
  [`${name}.num_batches_tracked`]: [],
});

/** Whose `conv`, `bn` and so on are called what, by group and block from 0, and layer from 0. */
interface Names {
  stem: [string, string];
  layer(group: number, block: number, layer: number): [string, string];
  shortcut(group: number, block: number): [string, string];
}
const TORCHVISION: Names = {
  stem: ["conv1", "bn1"],
  layer: (g, b, l) => [`layer${g + 1}.${b}.conv${l + 1}`, `layer${g + 1}.${b}.bn${l + 1}`],
  shortcut: (g, b) => [`layer${g + 1}.${b}.downsample.0`, `layer${g + 1}.${b}.downsample.1`],
};
const within = (name: string): [string, string] => [`${name}.convolution`, `${name}.normalization`];
const transformers = (prefix: string): Names => ({
  stem: within(`${prefix}embedder.embedder`),
  layer: (g, b, l) => within(`${prefix}encoder.stages.${g}.layers.${b}.layer.${l}`),
  shortcut: (g, b) => within(`${prefix}encoder.stages.${g}.layers.${b}.shortcut`),
});

function shapesOf({ bottleneck, depths, stem, window }: Net, names: Names): Shapes {
  const shapes: Shapes = {};
  const add = ([conv, bn]: [string, string], outputs: number, inputs: number, window: number) =>
    Object.assign(shapes, { [`${conv}.weight`]: [outputs, inputs, window, window] }, norm(bn, outputs));
  add(names.stem, stem, 3, window);
  let inputs = stem;
  for (const [g, depth] of depths.entries()) {
    const planes = stem * 2 ** g, outputs = bottleneck ? 4 * planes : planes;
    for (let b = 0; b < depth; b++) {
      if (bottleneck) {
        add(names.layer(g, b, 0), planes, inputs, 1);
        add(names.layer(g, b, 1), planes, planes, 3);
        add(names.layer(g, b, 2), outputs, planes, 1);
      } else {
        add(names.layer(g, b, 0), planes, inputs, 3);
        add(names.layer(g, b, 1), outputs, planes, 3);
      }
      if ((g > 0 && b === 0) || inputs !== outputs) add(names.shortcut(g, b), outputs, inputs, 1);
      inputs = outputs;
    }
  }
  return shapes;
}

/** A kept model of which there are no values: what is planned depends on none. */
function keptModel(request: ModelRequest, shapes: Shapes): KeptModel {
  const { head, order } = encodeHeader(
    Object.entries(shapes).map(([name, shape]) => (
      { name, dtype: name.endsWith("num_batches_tracked") ? "I64" as const : "F32" as const, shape }
    )),
  );
  const bytes = order.reduce(
    (sum, { dtype, shape }) => sum + shape.reduce((a, b) => a * b, dtype === "I64" ? 8 : 4),
    head.length,
  );
  const description = descriptionOf(request);
  return {
    ...{ id: "ckpt_01ARZ3NDEKTSV4RRFFQ69G5FAV", config: modelConfig(description), description },
    ...{ labels: request.labels ?? [], tensors: decodeHeader(head, bytes) },
    files: [{ name: "model.safetensors", bytes, sha256: "" }, { name: "config.json", bytes: 1, sha256: "" }],
  };
}
function netOf(arch: string): Net {
  const [, base, width = "1"] = /^(resnet\d+)(?:x(\d))?$/.exec(arch)!, [bottleneck, depths] = DEPTHS[base];
  return { bottleneck, depths, stem: 64 * Number(width), window: 7 };
}
const head = (name: string, labels: string[] | undefined, dim: number): Shapes =>
  labels ? { [`${name}.weight`]: [labels.length, dim], [`${name}.bias`]: [labels.length] } : {};
function plan(request: ModelRequest, layout: Layout) {
  const net = netOf(request.arch), { dim } = descriptionOf(request);
  const shapes = { ...shapesOf(net, TORCHVISION), ...head("fc", request.labels, dim) };
  return {
    net,
    dim,
    model: keptModel(request, shapes),
    files: layoutFiles(keptModel(request, shapes), layout),
  };
}
const jsonOf = (pieces: unknown[] | undefined) =>
  JSON.parse(new TextDecoder().decode(pieces![0] as Uint8Array));

for (const arch of [...Object.keys(DEPTHS), "resnet18x2", "resnet50x4"]) {
  for (const labels of [undefined, ["cat", "dog"]]) {
    Deno.test(`${arch} ${labels ? "with" : "without"} a head has transformers' names, shapes and config`, () => {
      const { net, dim, files } = plan({ arch, labels }, "transformers");
      const pieces = files.get("model.safetensors")!;
      const read = decodeHeader(pieces[0] as Uint8Array, bytesOf(pieces));
      const expected = {
        ...shapesOf(net, transformers(labels ? "resnet." : "")),
        ...head("classifier.1", labels, dim),
      };
      assertEquals(Object.fromEntries(read.map(({ name, shape }) => [name, shape])), expected);
      const config = jsonOf(files.get("config.json"));
      const multiple = net.bottleneck ? 4 : 1;
      assertEquals(config.architectures, [labels ? "ResNetForImageClassification" : "ResNetModel"]);
      assertEquals([config.model_type, config.embedding_size, config.depths], [
        "resnet",
        net.stem,
        net.depths,
      ]);
      assertEquals(config.hidden_sizes, [1, 2, 4, 8].map((times) => net.stem * times * multiple));
      assertEquals(config.layer_type, net.bottleneck ? "bottleneck" : "basic");
      assertEquals(config.id2label, labels && { 0: "cat", 1: "dog" });
      assertEquals(config.label2id, labels && { cat: 0, dog: 1 });
    });
  }
}

for (const arch of Object.keys(DEPTHS)) {
  Deno.test(`${arch} has timm's names as it is kept, and a config that only gains the names of classes`, () => {
    const { model, files } = plan({ arch }, "timm");
    assertEquals(files.get("model.safetensors"), [{
      file: "model.safetensors",
      begin: 0,
      end: model.files[0].bytes,
    }]);
    assertEquals(jsonOf(files.get("config.json")), model.config);
    const labels = ["cat", "dog"], config = jsonOf(plan({ arch, labels }, "timm").files.get("config.json"));
    assertEquals([config.architecture, config.num_classes, config.label_names], [arch, 2, labels]);
    assertEquals(readModelConfig(config).classes, 2);
    // What timm/models/_pretrained.py's PretrainedCfg has, which takes no other field.
    const known =
      "input_size fixed_input_size interpolation crop_pct crop_mode mean std num_classes pool_size first_conv classifier license";
    assertEquals(Object.keys(config.pretrained_cfg).filter((key) => !known.split(" ").includes(key)), []);
  });
}

Deno.test("what a program has no architecture for is refused with what can be had instead", () => {
  const refusal = (arch: string, layout: Layout) => {
    const error = assertThrows(() => layoutFiles(keptModel({ arch }, {}), layout), DomainError);
    assertEquals([error.code, error.options.type], ["invalid", "layout_unavailable"]);
    return error.message;
  };
  assertEquals(
    refusal("cifar_resnet8", "timm"),
    "Cannot lay cifar_resnet8 out for timm: it has no ResNet with a 3×3 stem; there are torchvision and onnx",
  );
  assert(refusal("resnet18-cifar", "timm").endsWith("there are torchvision and onnx"));
  assert(refusal("resnet50x2", "timm").endsWith("there are torchvision and transformers and onnx"));
  assert(refusal("resnet50x2-cifar", "transformers").endsWith("there are torchvision and onnx"));
});

Deno.test("a model.onnx that one protobuf message cannot hold is refused before anything is written", () => {
  const { model } = plan({ arch: "resnet200x4" }, "torchvision");
  const { message } = assertThrows(() => onnxPieces(model), DomainError);
  const form =
    /^Cannot lay resnet200x4 out for onnx: .* may have 2147483647 bytes, .* got (\d+); there are torchvision$/;
  assert(Number(form.exec(message)?.[1]) > 2 ** 31, message);
  const lacking = keptModel({ arch: "resnet18" }, { "conv1.weight": [64, 3, 7, 7] });
  assertThrows(() => onnxPieces(lacking), DomainError, "its model lacks bn1.weight");
});

Deno.test("transformers' preprocessor, whichever of its two kinds it is, and timm resize to latentd's size", () => {
  for (
    const [px, short] of [[32, 32], [63, 63], [64, 73], [96, 110], [224, 256], [300, 343], [383, 438], [
      384,
      439,
    ], [448, 512]]
  ) {
    const said = transformersPreprocessor(descriptionOf({ arch: "resnet18", px })) as
      & Record<string, number>
      & { size: { shortest_edge: number } };
    const edge = said.size.shortest_edge;
    // convnext/image_processing_convnext.py: int(shortest_edge / crop_pct), below 384; bit/image_processing_bit.py as told.
    if (px < 384) assertEquals([edge, Math.trunc(edge / said.crop_pct)], [px, short]);
    else assertEquals([edge, said.crop_size], [short, { height: px, width: px } as unknown as number]);
    assertEquals([said.resample, said.image_mean], [3, [0.485, 0.456, 0.406] as unknown as number]);
  }
  for (const [px, short] of [[32, 32], [96, 110], [224, 256], [300, 343]]) {
    // timm/data/transforms_factory.py: floor(img_size / crop_pct).
    const { pretrained_cfg } = jsonOf(plan({ arch: "resnet18", px }, "timm").files.get("config.json"));
    assertEquals([Math.floor(px / pretrained_cfg.crop_pct), Math.round(px / pretrained_cfg.crop_pct)], [
      short,
      short,
    ]);
  }
  const { crop_pct } = transformersPreprocessor(descriptionOf({ arch: "resnet18", px: 224 }));
  assertEquals(crop_pct, 0.875);
});
