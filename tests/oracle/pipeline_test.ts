import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { KernelSpec } from "../../src/gpu/specialize.ts";
import { gpu, pipelines } from "./oracle.ts";

const main = "@compute @workgroup_size(1) fn main() { y[0] = f(); }";
const kernel = (source: string, more: Partial<KernelSpec> = {}): KernelSpec => ({
  name: "toy",
  source,
  ...more,
});
/** Line 5 takes a float for an integer. */
const wrong = `// toy: y = 1.5, of the wrong type
@group(0) @binding(0) var<storage, read_write> y: array<u32>;
const TAPS: u32 = 1;
override SIZE: u32;
fn f() -> u32 { return 1.5; }
${main}
`;

Deno.test("a kernel that does not compile is an error with its file's line, column and specialisation", async () => {
  const spec = kernel(wrong, { overrides: { SIZE: 3 }, constants: { TAPS: 9 } });
  const { message } = await assertRejects(() => pipelines.get(spec), Error, "Cannot compile kernel toy ");
  assertStringIncludes(message, `{"SIZE":3,"TAPS":9}: toy.wgsl:5:24: `);
});

/** As `wrong`, with f in the second of two fragments, on its line 2. */
const without = wrong.replace("fn f() -> u32 { return 1.5; }", "");
const lib = [
  { name: "one", source: "// one: 1\nconst ONE: u32 = 1;\n" },
  { name: "f", source: "// f: 1.5, of the wrong type\nfn f() -> u32 { return 1.5; }\n" },
];

Deno.test("an error in a fragment has the fragment's name and line, one in the kernel before it the kernel's", async () => {
  const overrides = { SIZE: 3 };
  const inFragment = await assertRejects(() => pipelines.get(kernel(without, { overrides, lib })), Error);
  assertStringIncludes(inFragment.message, `kernel toy {"SIZE":3}: lib/f.wgsl:2:24: `);
  const inFirst = [lib[1], lib[0]];
  const { message } = await assertRejects(
    () => pipelines.get(kernel(without, { overrides, lib: inFirst })),
    Error,
  );
  assertStringIncludes(message, `: lib/f.wgsl:2:24: `);
  const unused = await assertRejects(() => pipelines.get(kernel(wrong, { overrides, lib: [lib[0]] })), Error);
  assertStringIncludes(unused.message, `: toy.wgsl:5:24: `);
});

Deno.test("kernels that differ in a fragment have a pipeline each", async () => {
  const of = (value: string) =>
    kernel(without.trimEnd(), {
      overrides: { SIZE: 3 },
      lib: [{ name: "f", source: `fn f() -> u32 { return ${value}; }` }],
    });
  const [one, two, again] = await Promise.all(["1", "2", "1"].map((value) => pipelines.get(of(value))));
  assertEquals([one === two, one === again], [false, true]);
});

Deno.test("extensions on line 1 do not move a kernel's lines", async (t) => {
  const f16 = wrong.replace("override", "alias Elem = f32;\noverride");
  await t.step({
    name: "enable f16",
    ignore: !pipelines.capabilities.shaderF16,
    fn: async () => {
      const spec = kernel(f16, { overrides: { SIZE: 3 }, elem: "f16" });
      const { message } = await assertRejects(() => pipelines.get(spec), Error);
      assertStringIncludes(message, `{"SIZE":3,"Elem":"f16"}: toy.wgsl:6:24: `);
    },
  });
  await t.step({
    name: "enable subgroups",
    ignore: pipelines.capabilities.subgroupSize === undefined,
    fn: async () => {
      const spec = kernel(wrong.replace("return 1.5", "return subgroupAdd(1.5)"), { overrides: { SIZE: 3 } });
      const { message } = await assertRejects(() => pipelines.get(spec), Error);
      assertStringIncludes(message, `{"SIZE":3}: toy.wgsl:5:`);
    },
  });
});

Deno.test("a constant that is missing, or unknown, is named", async () => {
  const right = wrong.replace("return 1.5", "return SIZE");
  for (const overrides of [undefined, { SIZE: 1, WIDTH: 2 }]) {
    const name = overrides ? "WIDTH" : "SIZE";
    const { message } = await assertRejects(() => pipelines.get(kernel(right, { overrides })), Error);
    assertStringIncludes(message, name);
  }
  await pipelines.get(kernel(right, { overrides: { SIZE: 1 } }));
});

Deno.test("equal kernels share a pipeline; another element type makes another", async () => {
  const source = `alias Elem = f32;
@group(0) @binding(0) var<storage, read_write> y: array<Elem>;
fn f() -> Elem { return Elem(1.5); }
${main}`;
  const [a, b] = await Promise.all([pipelines.get(kernel(source)), pipelines.get(kernel(source))]);
  assertEquals(a === b, true);
  if (!pipelines.capabilities.shaderF16) return;
  const { device } = gpu, half = await pipelines.get(kernel(source, { elem: "f16" }));
  const y = device.createBuffer({
    label: "y",
    size: 4,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC,
  });
  const staging = device.createBuffer({
    label: "staging",
    size: 4,
    usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
  });
  const encoder = device.createCommandEncoder({ label: "half" }), pass = encoder.beginComputePass();
  pass.setPipeline(half);
  pass.setBindGroup(
    0,
    device.createBindGroup({
      label: "half",
      layout: half.getBindGroupLayout(0),
      entries: [{ binding: 0, resource: { buffer: y } }],
    }),
  );
  pass.dispatchWorkgroups(1);
  pass.end();
  encoder.copyBufferToBuffer(y, 0, staging, 0, 4);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  assertEquals(new Float16Array(staging.getMappedRange())[0], 1.5);
  for (const buffer of [y, staging]) buffer.destroy();
});
