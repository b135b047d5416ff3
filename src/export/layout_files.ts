import { DomainError } from "../domain/errors.ts";
import type { Layout } from "../domain/layout.ts";
import { encodeHeader } from "../checkpoint/safetensors.ts";
import type { KeptModel } from "./kept_model.ts";
import { onnxPieces } from "./onnx.ts";
import type { KeptBytes, Piece } from "./pieces.ts";
import { timmConfig } from "./timm.ts";
import { transformersConfig, transformersName, transformersPreprocessor } from "./transformers.ts";

/** The files of a layout, in the order of an archive. */
export type LayoutFiles = Map<string, Piece[]>;

/**
 * What a layout's files consist of: JSON and headers, which are made here, and stretches of the kept
 * `model.safetensors`, of which no value is read. The same checkpoint always gives the same bytes.
 *
 * @throws {DomainError} `invalid`, type `layout_unavailable`, naming what can be had instead, if the program has no such
 *   architecture, or the file would be longer than the format allows.
 */
export function layoutFiles(model: KeptModel, layout: Layout): LayoutFiles {
  switch (layout) {
    case "torchvision":
      return new Map(model.files.map(({ name, bytes }) => [name, [{ file: name, begin: 0, end: bytes }]]));
    case "timm":
      return new Map([["model.safetensors", [wholeModel(model)]], ["config.json", [
        json(timmConfig(model)),
      ]]]);
    case "transformers":
      return new Map([
        ["config.json", [json(transformersConfig(model))]],
        [
          "model.safetensors",
          renamed(model, (name) => transformersName(name, model.description.classes > 0)),
        ],
        ["preprocessor_config.json", [json(transformersPreprocessor(model.description))]],
      ]);
    case "onnx":
      return new Map([["model.onnx", onnxPieces(model)]]);
  }
}

function wholeModel({ files }: KeptModel): KeptBytes {
  const { name, bytes } = files.find(({ name }) => name === "model.safetensors")!;
  return { file: name, begin: 0, end: bytes };
}

/** The model under other names. */
function renamed({ id, tensors }: KeptModel, rename: (name: string) => string | undefined): Piece[] {
  const named = tensors.map((tensor) => {
    const name = rename(tensor.name);
    if (name === undefined) {
      throw new DomainError(
        "conflict",
        `Cannot lay ${id} out: ${JSON.stringify(tensor.name)} is no tensor of a ResNet`,
        {
          type: "checkpoint_damaged",
        },
      );
    }
    return { ...tensor, name };
  });
  const { head, order } = encodeHeader(named, { format: "pt" });
  return [head, ...order.map(({ begin, end }): KeptBytes => ({ file: "model.safetensors", begin, end }))];
}

const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value, null, 2) + "\n");
