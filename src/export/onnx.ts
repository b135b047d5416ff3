import { DomainError } from "../domain/errors.ts";
import { shortSideFor } from "../data/preprocess.ts";
import { VERSION } from "../domain/version.ts";
import { blocksOf, type LayerSpec, resnetSpec, stemOf } from "../nn/resnet_architecture.ts";
import type { KeptModel } from "./kept_model.ts";
import {
  ATTRIBUTE,
  encode,
  fieldHead,
  FLOAT,
  GRAPH_INITIALIZER,
  MODEL_GRAPH,
  TENSOR_RAW_DATA,
} from "./onnx_messages.ts";
import { bytesOf, type Piece } from "./pieces.ts";
import { layoutUnavailable } from "./unavailable.ts";

/** Opset 17 and its IR version (onnx/docs/Versioning.md), of 2022: what is in use reads them. */
const OPSET = 17, IR_VERSION = 8;
/** What running variances are kept off zero by, as torchvision's are. */
const EPSILON = 1e-5;
/** The most that a protobuf message may have. */
const MAX_BYTES = 2 ** 31 - 1;

type Node = { input: string[]; output: string[]; name: string; opType: string; attribute?: unknown[] };

/**
 * `model.onnx`: `pixel_values` `[batch, 3, height, width]`, normalised, becomes `embedding` `[batch, dim]` and, where
 * there is a head, `logits` `[batch, classes]`. BatchNorm stays BatchNorm, so that initialisers are the kept values
 * under torchvision's names; how images are preprocessed, and the classes' names, stand in `metadata_props`.
 *
 * @param maxBytes What a file may have.
 * @throws {DomainError} `invalid`, type `layout_unavailable`, if it would have more; `conflict`, type
 *   `checkpoint_damaged`, if the model lacks a tensor.
 */
export function onnxPieces(model: KeptModel, maxBytes = MAX_BYTES): Piece[] {
  const { description: { arch, dim, classes }, tensors } = model;
  const { nodes, initializers } = graphOf(arch, classes > 0);
  const parts: Piece[] = [];
  for (const name of initializers) {
    const tensor = tensors.find((tensor) => tensor.name === name);
    if (!tensor) {
      throw new DomainError("conflict", `Cannot make ${model.id}'s model.onnx: its model lacks ${name}`, {
        type: "checkpoint_damaged",
      });
    }
    const { shape, begin, end } = tensor, length = end - begin;
    const head = encode("Tensor", { dims: shape, dataType: FLOAT, name });
    const raw = fieldHead(TENSOR_RAW_DATA, length);
    parts.push(fieldHead(GRAPH_INITIALIZER, head.length + raw.length + length), head, raw);
    parts.push({ file: "model.safetensors", begin, end });
  }
  const graph: Piece[] = [
    encode("Graph", {
      ...{ node: nodes, name: arch },
      input: [valueInfo("pixel_values", ["batch", 3, "height", "width"])],
      output: [
        valueInfo("embedding", ["batch", dim]),
        ...(classes > 0 ? [valueInfo("logits", ["batch", classes])] : []),
      ],
    }),
    ...parts,
  ];
  const about = encode("Model", {
    ...{ irVersion: IR_VERSION, opsetImport: [{ domain: "", version: OPSET }] },
    ...{ producerName: "latentd", producerVersion: VERSION, metadataProps: metadata(model) },
  });
  const size = bytesOf(graph), file = [about, fieldHead(MODEL_GRAPH, Math.min(size, MAX_BYTES)), ...graph];
  if (bytesOf(file) > maxBytes) {
    const reason = `model.onnx may have ${maxBytes} bytes, since it is one protobuf message, got ${
      bytesOf(file)
    }`;
    throw layoutUnavailable("onnx", arch, reason, ["torchvision"]);
  }
  return file;
}

/** The nodes in the order in which they run, and the names of the values that they need. */
function graphOf(arch: string, head: boolean): { nodes: Node[]; initializers: string[] } {
  const spec = resnetSpec(arch), nodes: Node[] = [], initializers: string[] = [];
  const node = (opType: string, name: string, input: string[], attribute?: unknown[], output = name) => {
    nodes.push({ input, output: [output], name, opType, attribute });
    return output;
  };
  const values = (owner: string, names: string[]) => {
    const full = names.map((name) => `${owner}.${name}`);
    initializers.push(...full);
    return full;
  };
  const layer = (x: string, { conv, norm, window, stride }: LayerSpec) => {
    const y = node(
      "Conv",
      conv,
      [x, ...values(conv, ["weight"])],
      window2d(window, stride, (window - 1) / 2),
    );
    const statistics = values(norm, ["weight", "bias", "running_mean", "running_var"]);
    return node("BatchNormalization", norm, [y, ...statistics], [float("epsilon", EPSILON)]);
  };
  const relu = (x: string) => node("Relu", `${x}.relu`, [x]);
  const named = (layer: LayerSpec) => ({ ...layer, conv: layer.conv.slice(1), norm: layer.norm.slice(1) });

  const { layer: first, pool } = stemOf(spec, ""); // the prefix is empty, its dot is not
  let x = relu(layer("pixel_values", named(first)));
  if (pool) x = node("MaxPool", "maxpool", [x], window2d(pool.window, pool.stride, pool.padding));
  for (const { name, layers, shortcut } of blocksOf(spec, "")) {
    let y = x;
    for (const [i, each] of layers.entries()) y = layer(i > 0 ? relu(y) : y, named(each));
    x = relu(node("Add", `${name.slice(1)}.add`, [y, shortcut ? layer(x, named(shortcut)) : x]));
  }
  x = node("Flatten", "flatten", [node("GlobalAveragePool", "avgpool", [x])], [int("axis", 1)], "embedding");
  if (head) node("Gemm", "fc", [x, ...values("fc", ["weight", "bias"])], [int("transB", 1)], "logits");
  return { nodes, initializers };
}

const float = (name: string, f: number) => ({ name, f, type: ATTRIBUTE.float });
const int = (name: string, i: number) => ({ name, i, type: ATTRIBUTE.int });
const ints = (name: string, ...ints: number[]) => ({ name, ints, type: ATTRIBUTE.ints });
const window2d = (window: number, stride: number, pad: number) => [
  ints("kernel_shape", window, window),
  ints("strides", stride, stride),
  ints("pads", pad, pad, pad, pad),
];

/** A named size is one that a caller chooses. */
const valueInfo = (name: string, sizes: (string | number)[]) => ({
  name,
  type: {
    tensorType: {
      elemType: FLOAT,
      shape: { dim: sizes.map((size) => typeof size === "number" ? { dimValue: size } : { dimParam: size }) },
    },
  },
});

/** In JSON where it is no text. */
function metadata(
  { description: { arch, preprocessing }, labels }: KeptModel,
): { key: string; value: string }[] {
  const { px, channel_mean, channel_std } = preprocessing;
  const entries: Record<string, string> = {
    arch,
    px: String(px),
    resize_shortest_edge: String(shortSideFor(px)),
    interpolation: "bicubic",
    crop: "center",
    input: "RGB, (value / 255 - mean) / std",
    mean: JSON.stringify(channel_mean),
    std: JSON.stringify(channel_std),
    ...(labels.length > 0 ? { labels: JSON.stringify(labels) } : {}),
  };
  return Object.entries(entries).map(([key, value]) => ({ key, value }));
}
