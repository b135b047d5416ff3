import { assertEquals, assertThrows } from "@std/assert";
import { specialize } from "../../../src/gpu/specialize.ts";

const source = `// toy: y = x
alias Elem = f32;
const TAPS: u32 = 1;
@group(0) @binding(0) var<storage, read_write> x: array<Elem>;
`;
const lines = (text: string) => text.split("\n").length;

Deno.test("specialize() rewrites constants and the element type in place", () => {
  const text = specialize({ name: "toy", source, constants: { TAPS: 9 }, elem: "f16" });
  assertEquals(text.split("\n").slice(0, 3), [
    "enable f16; // toy: y = x",
    "alias Elem = f16;",
    "const TAPS: u32 = 9;",
  ]);
  assertEquals(lines(text), lines(source));
});

Deno.test("specialize() makes scalars of vectors, where a vector is one element", () => {
  const vectors = "alias Elem = f32;\nalias Elems = vec4<Elem>;\nalias Floats = vec4f;\n";
  const kernel = { name: "toy", source: vectors, elem: "f16" } as const;
  assertEquals(
    specialize({ ...kernel, vector: 1 }),
    "enable f16; alias Elem = f16;\nalias Elems = Elem;\nalias Floats = f32;\n",
  );
  assertEquals(specialize({ ...kernel, vector: 4 }), specialize(kernel));
  assertThrows(() => specialize({ ...kernel, source, vector: 1 }), RangeError, "alias Floats = vec4f;");
});

Deno.test("specialize() leaves an f32 kernel as its file has it", () => {
  assertEquals(specialize({ name: "toy", source, elem: "f32" }), source);
  assertEquals(specialize({ name: "toy", source }), source);
});

Deno.test("specialize() refuses a declaration that is absent or there twice", () => {
  const cases = [
    [{ name: "toy", source, constants: { TILE: 4 } }, "const TILE must be declared once, got 0"],
    [
      { name: "toy", source: "// none", elem: "f16" as const },
      "alias Elem = f32; must be declared once, got 0",
    ],
    [{ name: "toy", source: source + source, elem: "f32" as const }, "must be declared once, got 2"],
  ] as const;
  for (const [spec, message] of cases) {
    assertThrows(() => specialize(spec), RangeError, message);
  }
});

Deno.test("specialize() enables subgroups on line 1, where they are used and the line is wanted", () => {
  const subgroups = `// sums\nfn f(x: f32) -> f32 { return subgroupAdd(x); }\n`;
  const f16 = { name: "toy", source: subgroups + "alias Elem = f32;\n", elem: "f16" as const };
  assertEquals(
    specialize(f16, { enableSubgroups: true }).split("\n")[0],
    "enable f16; enable subgroups; // sums",
  );
  assertEquals(specialize({ name: "toy", source: subgroups }, { enableSubgroups: false }), subgroups);
  assertEquals(specialize({ name: "toy", source }, { enableSubgroups: true }), source);
});

Deno.test("specialize() asks for subgroups of the size that a kernel counts on, where that can be asked", () => {
  const kernel =
    "// sums\nconst SUBGROUP_SIZE: u32 = 32;\n@compute @workgroup_size(INVOCATIONS)\nfn main() {}\n";
  const spec = { name: "toy", source: kernel, constants: { SUBGROUP_SIZE: 16 } };
  const asked = specialize(spec, { subgroupSizeControl: true }).split("\n");
  assertEquals(asked.slice(0, 3), [
    "enable subgroup_size_control; // sums",
    "const SUBGROUP_SIZE: u32 = 16;",
    "@compute @workgroup_size(INVOCATIONS) @subgroup_size(SUBGROUP_SIZE)",
  ]);
  assertEquals(specialize(spec), kernel.replace("= 32", "= 16"));
  assertEquals(specialize({ name: "toy", source }, { subgroupSizeControl: true }), source);
  const unlike = { name: "toy", source: kernel.replace("INVOCATIONS", "64") };
  assertThrows(
    () => specialize(unlike, { subgroupSizeControl: true }),
    RangeError,
    "must be declared once, got 0",
  );
});
