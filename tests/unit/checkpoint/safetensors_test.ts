import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { decodeSafetensors, encodeSafetensors } from "../../../src/checkpoint/safetensors.ts";
import { DomainError } from "../../../src/domain/errors.ts";
import { RandomStream } from "../../../src/domain/philox.ts";
import type { NamedTensors } from "../../../src/domain/tensor_data.ts";

const TENSORS: NamedTensors = new Map([
  ["b.weight", { shape: [1, 3], data: Float32Array.of(1.5, -0, NaN) }],
  ["a.counter", { shape: [], data: BigInt64Array.of(-(2n ** 63n)) }],
  ["0", { shape: [2, 0, 4], data: new Float32Array(0) }],
  ["__proto__", { shape: [2], data: Float32Array.of(Infinity, 2 ** -149) }],
  ['naïve "quoted"\n', { shape: [1], data: Float32Array.of(7) }],
]);

/** A file made by hand: `header` as text or value, then `data` bytes of values. */
function file(header: unknown, data: number | Uint8Array = 0, length?: bigint): Uint8Array {
  const text = header instanceof Uint8Array
    ? header
    : new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const body = typeof data === "number" ? new Uint8Array(data) : data;
  const bytes = new Uint8Array(8 + text.length + body.length);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(body, 8 + text.length);
  return bytes;
}
const f32 = (shape: number[], data_offsets: number[]) => ({ dtype: "F32", shape, data_offsets });

Deno.test("decodeSafetensors() reads back what encodeSafetensors() wrote, bit for bit", () => {
  const read = decodeSafetensors(encodeSafetensors(TENSORS, { format: "pt" }));
  assertEquals(new Set(read.keys()), new Set(TENSORS.keys()));
  for (const [name, { shape, data }] of TENSORS) {
    assertEquals(read.get(name)!.shape, shape);
    assertEquals(new Uint8Array(read.get(name)!.data.buffer), new Uint8Array(data.buffer));
  }
});

Deno.test("encodeSafetensors() gives the same bytes whatever the order, and aligns every tensor", () => {
  const bytes = encodeSafetensors(TENSORS, { format: "pt" });
  assertEquals(encodeSafetensors(new Map([...TENSORS].reverse()), { format: "pt" }), bytes);
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  assertEquals(length % 8, 0);
  const text = new TextDecoder().decode(bytes.subarray(8, 8 + length));
  assert(text.startsWith('{"__metadata__":{"format":"pt"},"a.counter":'), text);
  assert(/\} *$/.test(text), text);
  for (const entry of Object.values(JSON.parse(text)) as { dtype: string; data_offsets: number[] }[]) {
    if (entry.dtype) assertEquals(entry.data_offsets[0] % (entry.dtype === "I64" ? 8 : 4), 0);
  }
});

Deno.test("encodeSafetensors() writes part of a larger buffer, and nothing at all", () => {
  const data = Float32Array.of(1, 2, 3, 4).subarray(1, 3);
  assertEquals(
    decodeSafetensors(encodeSafetensors(new Map([["x", { shape: [2], data }]]))).get("x")!.data,
    data.slice(),
  );
  assertEquals(decodeSafetensors(encodeSafetensors(new Map())).size, 0);
});

Deno.test("encodeSafetensors() refuses a shape that does not hold the values", () => {
  const wrong: NamedTensors = new Map([["x", { shape: [2, 2], data: new Float32Array(3) }]]);
  assertThrows(() => encodeSafetensors(wrong), RangeError, "Cannot encode x: shape [2,2]");
});

Deno.test("decodeSafetensors() reads bytes at an odd offset, and tensors listed in any order", () => {
  const bytes = file({ late: f32([1], [4, 8]), early: f32([1], [0, 4]), empty: f32([0], [4, 4]) }, 8);
  const shifted = new Uint8Array(bytes.length + 1);
  shifted.set(bytes, 1);
  assertEquals([...decodeSafetensors(shifted.subarray(1)).keys()], ["early", "empty", "late"]);
});

Deno.test("decodeSafetensors() reads a file that PyTorch's side wrote", async () => {
  const bytes = await Deno.readFile(new URL("../../golden/pytorch.safetensors", import.meta.url));
  const tensors = decodeSafetensors(bytes);
  assertEquals([...tensors.keys()], ["counter", "empty", "scalar", "weight"]);
  assertEquals(tensors.get("counter"), { shape: [2], data: BigInt64Array.of(-5n, 2n ** 40n) });
  // That side's NumPy makes a vector of a scalar.
  assertEquals(tensors.get("scalar"), { shape: [1], data: Float32Array.of(2.5) });
  assertEquals(tensors.get("empty"), { shape: [0, 3], data: new Float32Array(0) });
  assertEquals(tensors.get("weight"), { shape: [2, 3], data: Float32Array.of(0, 0.1, 0.2, 0.3, 0.4, 0.5) });
});

const deep = "[".repeat(100_000) + "]".repeat(100_000);
const MALFORMED: [string, Uint8Array, string][] = [
  ["an empty file", new Uint8Array(0), "8 bytes of length"],
  ["seven bytes", new Uint8Array(7), "8 bytes of length"],
  ["a header past the end", file({}, 0, 3n), "must end within"],
  ["a header of 2^64 - 1 bytes", file({}, 0, 2n ** 64n - 1n), "may have 16777216 bytes"],
  ["a header over the cap", file({}, 0, 16777217n), "may have 16777216 bytes"],
  ["no JSON", file("{x"), "must be JSON"],
  ["an empty header", file(""), "must be JSON"],
  ["invalid UTF-8", file(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d)), "must be JSON"],
  ["a byte order mark", file("\ufeff{}"), "must be JSON"],
  ["a list", file("[]"), "JSON object"],
  ["null", file("null"), "JSON object"],
  ["space before the header", file(" {}"), "starting with {"],
  ["zeros after the header", file("{}\0\0"), "must be JSON"],
  ["nesting without end", file(`{"x":${deep}}`), '"x" must be an object'],
  ["a deep shape", file(`{"x":{"dtype":"F32","shape":${deep},"data_offsets":[0,0]}}`), "whole numbers"],
  ["a deep metadata", file(`{"__metadata__":${deep}}`), "strings to strings"],
  ["a tensor that is a string", file({ x: "F32" }), "must be an object"],
  [
    "an unknown dtype",
    file({ x: { ...f32([1], [0, 2]), dtype: "F16" } }, 2),
    '"x" must be F32 or I64, got "F16"',
  ],
  ["a dtype off the prototype", file({ x: { ...f32([], [0, 0]), dtype: "toString" } }), "must be F32 or I64"],
  ["no dtype", file({ x: { shape: [], data_offsets: [0, 4] } }, 4), "got undefined"],
  ["an unknown field", file({ x: { ...f32([1], [0, 4]), strides: [1] } }, 4), '"strides"'],
  ["a negative size", file({ x: f32([-1, -1], [0, 4]) }, 4), "whole numbers, got [ -1, -1 ]"],
  ["a fractional size", file({ x: f32([0.5, 2], [0, 4]) }, 4), "whole numbers"],
  [
    "a size past 2^53",
    file('{"x":{"dtype":"F32","shape":[9007199254740993],"data_offsets":[0,4]}}', 4),
    "whole numbers",
  ],
  [
    "sizes whose product overflows",
    file({ x: f32([2 ** 52, 2 ** 52, 2 ** 52], [0, 4]) }, 4),
    "bytes for F32",
  ],
  ["a shape larger than its bytes", file({ x: f32([2], [0, 4]) }, 4), "must have 8 bytes"],
  ["a shape smaller than its bytes", file({ x: f32([1], [0, 8]) }, 8), "must have 4 bytes"],
  ["offsets past the end", file({ x: f32([2], [0, 8]) }, 4), "within the data's 4 bytes"],
  ["offsets the wrong way round", file({ x: f32([0], [4, 0]) }, 4), "in order"],
  ["three offsets", file({ x: f32([1], [0, 4, 8]) }, 8), "two data_offsets"],
  ["a negative offset", file({ x: f32([1], [-4, 0]) }, 4), "two data_offsets"],
  ["a hole at the start", file({ x: f32([1], [4, 8]) }, 8), "must begin at 0"],
  ["a hole between", file({ x: f32([1], [0, 4]), y: f32([1], [8, 12]) }, 12), '"y" must begin at 4'],
  ["an overlap", file({ x: f32([2], [0, 8]), y: f32([2], [4, 12]) }, 12), '"y" must begin at 8'],
  ["one range for two", file({ x: f32([1], [0, 4]), y: f32([1], [0, 4]) }, 4), '"y" must begin at 4'],
  ["bytes after the last", file({ x: f32([1], [0, 4]) }, 5), "got 4 of 5 bytes"],
  ["a header that runs into the data", file('{"x":1}', 4, 8n), "must be JSON"],
  [
    "a name twice",
    file('{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\\u0078" :null}', 4),
    '"x" twice',
  ],
  [
    "a field twice",
    file('{"x":{"dtype":"F32","dtype":"F32","shape":[],"data_offsets":[0,4]}}', 4),
    '"dtype" twice',
  ],
  ["metadata of a number", file({ __metadata__: { step: 1 } }), "strings to strings"],
  ["metadata of a list", file({ __metadata__: ["x"] }), "strings to strings"],
];
for (const [what, bytes, reason] of MALFORMED) {
  Deno.test(`decodeSafetensors() refuses ${what}`, () => {
    const error: DomainError = assertThrows(
      () => decodeSafetensors(bytes, { label: "model" }),
      DomainError,
      reason,
    );
    assertEquals(error.code, "malformed");
    assertStringIncludes(error.message, "Cannot read model: ");
    assert(error.message.length < 300, error.message);
  });
}

Deno.test("decodeSafetensors() takes a name of megabytes", () => {
  const name = "x\\".repeat(2 ** 21);
  assertEquals([...decodeSafetensors(file({ [name]: f32([1], [0, 4]) }, 4)).keys()], [name]);
});

Deno.test("decodeSafetensors() meets corrupted files with DomainErrors only", () => {
  const good = encodeSafetensors(TENSORS, { format: "pt" }), random = new RandomStream(5, 0);
  const header = 8 + Number(new DataView(good.buffer).getBigUint64(0, true));
  let refused = 0;
  for (let trial = 0; trial < 2000; trial++) {
    // A byte changed in the header, a cut, or bytes in excess.
    const bytes = trial % 4 === 0
      ? good.slice(0, random.below(good.length))
      : new Uint8Array(good.length + (trial % 4 === 1 ? 1 + random.below(9) : 0));
    bytes.set(good.subarray(0, bytes.length));
    if (trial % 4 > 1) bytes[random.below(header)] = random.below(256);
    try {
      decodeSafetensors(bytes);
    } catch (error) {
      assert(error instanceof DomainError && error.code === "malformed", String(error));
      refused++;
    }
  }
  // Names and metadata may change unnoticed; sizes and syntax may not.
  assert(refused > 1400, `only ${refused} of 2000 were refused`);
});
