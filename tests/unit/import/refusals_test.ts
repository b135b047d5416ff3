import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { DomainError } from "../../../src/domain/errors.ts";
import type { ImportOptions } from "../../../src/domain/checkpoint_import.ts";
import type { NamedTensors } from "../../../src/domain/tensor_data.ts";
import { tensorsOf } from "../export/export_scene.ts";
import { fileOf, foreignFile, type ImportScene, renamed, safetensors, withImports } from "./import_scene.ts";

const ARCH = "cifar_resnet8", MODEL = tensorsOf({ arch: ARCH, labels: ["a", "b"] });
const changed = (...changes: [string, NamedTensors extends Map<string, infer T> ? T : never][]) =>
  new Map([...MODEL, ...changes]);
const floats = (shape: number[], value = 0.5) => ({
  shape,
  data: new Float32Array(shape.reduce((product, side) => product * side, 1)).fill(value),
});

/** That it is refused, and leaves nothing; what is said. */
async function refused(
  { import: take, there, listed }: ImportScene,
  bytes: Uint8Array<ArrayBuffer>,
  options?: ImportOptions,
): Promise<DomainError> {
  const error = await assertRejects(() => take(bytes, options), DomainError) as DomainError;
  assertEquals([there(), listed], [[], []]);
  return error;
}

Deno.test("tensors that are missing, of no use, twice there, or of another shape or dtype are all listed", () =>
  withImports(async (scene) => {
    const broken: NamedTensors = changed(
      ["layer2.0.bn1.bias", floats([31])],
      ["queue", floats([1])],
      ["__proto__", floats([1])],
      ["a/b~c", floats([2])],
      ["module.bn1.bias", floats([16])],
      ["layer1.0.bn2.num_batches_tracked", floats([])],
      ["layer9.0.conv1.weight", floats([1, 1, 1, 1])],
    );
    broken.delete("conv1.weight");
    broken.delete("fc.bias");
    const error = await refused(scene, safetensors(broken), { arch: ARCH });
    assertEquals([error.code, error.options.type], ["invalid", "wrong_tensors"]);
    assertEquals(error.options.errors!.map(({ pointer, detail }) => `${pointer} ${detail}`).sort(), [
      "#/__proto__ is none of cifar_resnet8's",
      "#/a~1b~0c is none of cifar_resnet8's",
      "#/conv1.weight is missing: F32, F16, BF16 [16,3,3,3]",
      "#/fc.bias is missing: F32, F16, BF16 [2]",
      "#/layer1.0.bn2.num_batches_tracked must be I64 of shape [], got F32 []",
      "#/layer2.0.bn1.bias must have shape [32], got [31]",
      "#/layer9.0.conv1.weight is none of cifar_resnet8's",
      "#/module.bn1.bias is there twice: bn1.bias is bn1.bias too",
      "#/queue is none of cifar_resnet8's",
    ]);
  }));

Deno.test("a dtype that is no float of a model is refused by name; of training's own tensors any will do", () =>
  withImports(async (scene) => {
    const file = (dtype: string, bytes: number, name: string) =>
      foreignFile([
        ...[...MODEL].filter(([own]) => own !== name).map(([name, { shape, data }]) => ({
          ...{ name, shape, dtype: data instanceof Float32Array ? "F32" : "I64" },
          bytes: new Uint8Array(data.buffer),
        })),
        { name, dtype, shape: [16], bytes: new Uint8Array(16 * bytes) },
      ]);
    for (const [dtype, bytes] of [["F64", 8], ["I32", 4], ["U8", 1], ["F8_E4M3", 1]] as const) {
      const error = await refused(scene, file(dtype, bytes, "bn1.bias"));
      assertEquals(error.options.errors, [
        { pointer: "#/bn1.bias", detail: `must be F32, F16, BF16, got ${dtype}` },
      ]);
    }
    assertStringIncludes(
      (await refused(scene, file("F4", 8, "projector.0.bias"))).message,
      '"projector.0.bias" must be BOOL or U8',
    );
    assertEquals((await scene.import(file("F64", 8, "projector.0.bias"))).arch, ARCH);
  }));

Deno.test("an architecture that disagrees is told of the one that was found; without any, one must be given", () =>
  withImports(async (scene) => {
    const other = await refused(scene, safetensors(MODEL), { arch: "cifar_resnet20" });
    assertStringIncludes(
      other.message,
      "are not those of cifar_resnet20; they are shaped like cifar_resnet8's",
    );
    assert(other.options.errors!.length > 10);
    const many = await refused(scene, safetensors(MODEL), { arch: "resnet200" });
    assertEquals(many.options.errors!.length, 101); // a hundred, and how many more
    for (
      const none of [
        renamed(MODEL, (name) => `net.${name}`),
        new Map(),
        new Map([["conv1.weight", floats([2])]]),
      ]
    ) {
      const error = await refused(scene, safetensors(none as NamedTensors));
      assertEquals([error.code, error.options.type], ["invalid", "unknown_arch"]);
    }
  }));

Deno.test("values that are NaN or infinite, and variances below 0, are refused by their tensors' names", () =>
  withImports(async (scene) => {
    const bad = changed(
      ["bn1.bias", { shape: [16], data: new Float32Array(16).fill(NaN, 3) }],
      ["fc.bias", { shape: [2], data: Float32Array.of(0, -Infinity) }],
      ["layer1.0.bn1.running_var", floats([16], -1)],
    );
    const error = await refused(scene, safetensors(bad));
    assertEquals([error.code, error.options.type], ["invalid", "wrong_tensors"]);
    assertEquals(error.options.errors!.map(({ pointer, detail }) => `${pointer} ${detail}`).sort(), [
      "#/bn1.bias must be finite, got NaN at 3",
      "#/fc.bias must be finite, got -Infinity at 1",
      "#/layer1.0.bn1.running_var must not be negative, got -1 at 0",
    ]);
    const huge = foreignFile([{
      name: "conv1.weight",
      dtype: "F16",
      shape: [1],
      bytes: Uint8Array.of(0, 0x7c),
    }]);
    assertEquals((await refused(scene, huge, { arch: ARCH })).options.type, "wrong_tensors");
  }));

Deno.test("labels that are no list of as many names are refused", () =>
  withImports(async (scene) => {
    for (const labels of ["{", '["a"]', '["a",1]', '["a",""]', "null", '["a","b","c"]']) {
      const error = await refused(scene, safetensors(MODEL, { labels }));
      assertEquals([error.code, error.options.type], ["invalid", "bad_labels"], labels);
    }
  }));

Deno.test("every malformed safetensors file is refused with a reason, and nothing that it claims is allocated", () =>
  withImports(async (scene) => {
    const entry = (extra: Record<string, unknown>) =>
      JSON.stringify({ "conv1.weight": { dtype: "F32", shape: [2], data_offsets: [0, 8], ...extra } });
    const data = [new Uint8Array(8)], twice = entry({}).slice(0, -1) + "," + entry({}).slice(1);
    const two = (a: number[], b: number[]) =>
      `{"a":{"dtype":"U8","shape":[4],"data_offsets":[${a}]},"b":{"dtype":"U8","shape":[4],"data_offsets":[${b}]}}`;
    const cases: [what: string, bytes: Uint8Array<ArrayBuffer>, reason: string][] = [
      ["shorter than a length", Uint8Array.of(1, 2, 3), "8 bytes of length, got 3"],
      ["N past the file", fileOf("{}", [], 4000n), "must end within the file's 10 bytes"],
      ["N past the cap", fileOf("{}", [], 2n ** 27n), "may have 16777216 bytes, got 134217728"],
      ["N of 8 EB", fileOf("{}", [], 2n ** 63n - 1n), "may have 16777216 bytes, got 9223372036854775807"],
      ["N of 0", fileOf(""), "must be JSON"],
      ["no JSON", fileOf("{]"), "must be JSON"],
      ["an array", fileOf("[]"), "must be a JSON object"],
      ["overlap", fileOf(two([0, 4], [2, 6]), data), "must begin at 4"],
      ["a hole", fileOf(two([0, 4], [5, 9]), data), "must begin at 4"],
      ["trailing bytes", fileOf(entry({}), [...data, new Uint8Array(1)]), "must cover the data, got 8 of 9"],
      ["cut off", fileOf(entry({}), [new Uint8Array(7)]), "must end within the data's 7 bytes"],
      ["a wrong size", fileOf(entry({ shape: [3] }), data), "must have 12 bytes"],
      [
        "8 EB of values",
        fileOf(entry({ shape: [2 ** 52, 2 ** 52], data_offsets: [0, 2 ** 53 - 8] })),
        "bytes for",
      ],
      ["past 2^53", fileOf(entry({ shape: [2 ** 60] }), data), "must have a shape of whole numbers"],
      ["a negative shape", fileOf(entry({ shape: [-2] }), data), "must have a shape of whole numbers"],
      ["backwards", fileOf(entry({ data_offsets: [8, 0] }), data), "two data_offsets in order"],
      ["a name twice", fileOf(twice, data), 'has "conv1.weight" twice'],
      [
        "__proto__ as a field",
        fileOf(entry({}).replace('"dtype"', '"__proto__":1,"dtype"'), data),
        "__proto__",
      ],
      ["metadata of numbers", fileOf('{"__metadata__":{"a":1}}'), "must map strings to strings"],
      ["deep nesting", fileOf(`{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`), "must be an object"],
    ];
    for (const [what, bytes, reason] of cases) {
      const error = await refused(scene, bytes);
      assertEquals([error.code, error.options.type], ["invalid", "bad_safetensors"], what);
      assertStringIncludes(error.message, reason, what);
    }
  }));

Deno.test("PyTorch's own files are refused by their first bytes, with how to convert them", () =>
  withImports(async (scene) => {
    const text = (bytes: string) => Uint8Array.from(bytes, (c) => c.charCodeAt(0));
    const pickles = [
      "PK\x03\x04\x00\x00\x08\x08\x00\x00",
      "\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.",
      "\x80\x04.",
    ];
    for (const pickle of pickles) {
      const error = await refused(scene, text(pickle));
      assertEquals([error.code, error.options.type], ["unsupported_media_type", "pickle"]);
      assertStringIncludes(error.message, "weights_only=True");
    }
    // A header of 640 bytes begins with 0x80 0x02, as a pickle of protocol 2 does.
    const error = await refused(scene, fileOf("{}".padEnd(640)));
    assertEquals(error.options.type, "unknown_arch");
    // The rest is not read: a pickle is refused before it is sent.
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(sent++ === 0 ? text(pickles[0]) : new Uint8Array(2 ** 16)),
    });
    await assertRejects(() => scene.importer.import(body, {}), DomainError, "safetensors");
    assert(sent < 10, `${sent} chunks were read`);
  }));
