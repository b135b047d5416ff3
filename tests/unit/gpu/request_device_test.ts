import { assertEquals } from "@std/assert";
import { requestDevice } from "../../../src/gpu/device.ts";

const MATRICES = "chromium-experimental-subgroup-matrix", CONTROL = "subgroup-size-control";
const config = (M: number, N: number, K: number, componentType = "f16", resultComponentType = "f32") => ({
  ...{ M, N, K, componentType, resultComponentType },
});

/** An adapter as Dawn shows one, and what its device is asked for. */
function anAdapter(
  { features, sizes: [subgroupMinSize, subgroupMaxSize], configs = [config(16, 16, 16)] }: {
    features: string[];
    sizes: [number, number];
    configs?: ReturnType<typeof config>[];
  },
) {
  const asked: GPUDeviceDescriptor[] = [];
  const adapter = {
    ...{ features: new Set(features), limits: { maxComputeWorkgroupStorageSize: 32_768 } },
    info: { subgroupMinSize, subgroupMaxSize, subgroupMatrixConfigs: configs },
    requestDevice(descriptor: GPUDeviceDescriptor) {
      asked.push(descriptor);
      const lacking = descriptor.requiredFeatures!.filter((name) => !features.includes(name));
      return lacking.length > 0 ? Promise.reject(new TypeError(`no ${lacking}`)) : Promise.resolve({});
    },
  };
  return { adapter: adapter as unknown as GPUAdapter, asked };
}
const ALL = ["shader-f16", "subgroups", MATRICES, CONTROL];

Deno.test("requestDevice() asks for matrices with all that they need, and takes the largest of f16 with f32 sums", async () => {
  const configs = [
    config(16, 8, 8),
    config(16, 16, 16),
    config(32, 32, 32, "f16", "f16"),
    config(64, 8, 8, "i8", "i32"),
  ];
  const { adapter, asked } = anAdapter({ features: ALL, sizes: [32, 32], configs });
  const { capabilities } = await requestDevice(adapter);
  assertEquals(asked.map(({ requiredFeatures }) => requiredFeatures), [[
    "shader-f16",
    "subgroups",
    MATRICES,
    CONTROL,
  ]]);
  assertEquals(capabilities.matrices, [{ M: 16, N: 16, K: 16 }, { M: 16, N: 8, K: 8 }]);
  assertEquals([capabilities.subgroupSize, capabilities.matrixSubgroupSize], [32, 32]);
});

Deno.test("requestDevice() multiplies matrices by the least of several sizes of subgroup, where it can be asked for", async () => {
  const { adapter } = anAdapter({ features: ALL, sizes: [16, 32], configs: [config(8, 16, 16)] });
  const { capabilities } = await requestDevice(adapter);
  assertEquals([capabilities.subgroupSize, capabilities.matrixSubgroupSize], [undefined, 16]);
  assertEquals(capabilities.matrices, [{ M: 8, N: 16, K: 16 }]);
  const fixed = anAdapter({ features: ALL.filter((name) => name !== CONTROL), sizes: [16, 32] });
  const without = await requestDevice(fixed.adapter);
  assertEquals([without.capabilities.matrices, without.capabilities.matrixSubgroupSize], [
    undefined,
    undefined,
  ]);
});

Deno.test("requestDevice() knows of no matrices where the adapter has no f16, or grants no subgroups", async () => {
  for (const lacking of ["shader-f16", "subgroups"]) {
    const { adapter } = anAdapter({ features: ALL.filter((name) => name !== lacking), sizes: [32, 32] });
    const { capabilities } = await requestDevice(adapter);
    assertEquals(capabilities.matrices, undefined, lacking);
  }
});
