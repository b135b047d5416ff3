import protobuf from "protobufjs/light";

const one = (id: number, type: string) => ({ id, type });
const many = (id: number, type: string) => ({ id, type, rule: "repeated" });

/** What of onnx.proto3 (github.com/onnx/onnx) a ResNet's file needs. */
const schema = protobuf.Root.fromJSON({
  nested: {
    Model: {
      fields: {
        irVersion: one(1, "int64"),
        opsetImport: many(8, "OperatorSet"),
        producerName: one(2, "string"),
        producerVersion: one(3, "string"),
        metadataProps: many(14, "Entry"),
      },
    },
    OperatorSet: { fields: { domain: one(1, "string"), version: one(2, "int64") } },
    Entry: { fields: { key: one(1, "string"), value: one(2, "string") } },
    Graph: {
      fields: {
        node: many(1, "Node"),
        name: one(2, "string"),
        input: many(11, "ValueInfo"),
        output: many(12, "ValueInfo"),
      },
    },
    Node: {
      fields: {
        input: many(1, "string"),
        output: many(2, "string"),
        name: one(3, "string"),
        opType: one(4, "string"),
        attribute: many(5, "Attribute"),
      },
    },
    Attribute: {
      fields: {
        name: one(1, "string"),
        f: one(2, "float"),
        i: one(3, "int64"),
        ints: many(8, "int64"),
        type: one(20, "int32"),
      },
    },
    ValueInfo: { fields: { name: one(1, "string"), type: one(2, "Type") } },
    Type: { fields: { tensorType: one(1, "TensorType") } },
    TensorType: { fields: { elemType: one(1, "int32"), shape: one(2, "Shape") } },
    Shape: { fields: { dim: many(1, "Dimension") } },
    Dimension: { fields: { dimValue: one(1, "int64"), dimParam: one(2, "string") } },
    Tensor: { fields: { dims: many(1, "int64"), dataType: one(2, "int32"), name: one(8, "string") } },
  },
});

/** Fields that are left out of the messages above, since their bytes are not at hand but lie in a kept file. */
export const MODEL_GRAPH = 7, GRAPH_INITIALIZER = 5, TENSOR_RAW_DATA = 9;

export const FLOAT = 1;
/** AttributeProto.AttributeType. */
export const ATTRIBUTE = { float: 1, int: 2, ints: 7 };

/** A message's bytes. */
export function encode(
  type: "Model" | "Graph" | "Tensor",
  message: Record<string, unknown>,
): Uint8Array<ArrayBuffer> {
  return new Uint8Array(schema.lookupType(type).encode(message).finish());
}

/** What a field of `length` bytes begins with; in a message, fields may stand in any order. */
export function fieldHead(id: number, length: number): Uint8Array<ArrayBuffer> {
  const LENGTH_DELIMITED = 2;
  return new Uint8Array(protobuf.Writer.create().uint32(id << 3 | LENGTH_DELIMITED).uint32(length).finish());
}
