import { DomainError } from "../domain/errors.ts";
import { log } from "../log/log.ts";
import type { Capabilities, MatrixShape } from "./capabilities.ts";
import { DeviceLostError, lossReason, OutOfMemoryError } from "./gpu_error.ts";
import { countHeldMemory } from "./held_memory.ts";
import { type GpuProvider, openProvider } from "./provider.ts";

/** A GPU to compute on, and what is known of it. */
export interface Gpu {
  device: GPUDevice;
  adapter: {
    description: string;
    vendor: string;
    device: string;
    software: boolean;
    /** Provider, adapter and, where it is told, the driver's version: a key for what was measured on them. */
    driver: string;
  };
  capabilities: Capabilities;
  /** What the device was asked for, and so has. */
  granted: { features: string[]; limits: Record<string, number> };
  /** Bytes of this device's buffers that are there. */
  heldBytes(): number;
  /**
   * Resolves, and never rejects, with what makes the device's results worthless: a DeviceLostError, or an error that no
   * call was there to catch (an OutOfMemoryError, or a fault of ours).
   */
  failed: Promise<Error>;
}

/** The limits that the kernels make use of; the rest keep WebGPU's defaults, so no kernel binds more than 8 buffers. */
const REQUESTED_LIMITS = [
  "maxStorageBufferBindingSize",
  "maxBufferSize",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY",
] as const;

/** What is asked for where the adapter lists it. */
const OPTIONAL_FEATURES = ["shader-f16", "timestamp-query"] as const;

/** What TypeScript's list of features lacks. */
const SUBGROUPS = "subgroups" as GPUFeatureName;
const SUBGROUP_SIZE_CONTROL = "subgroup-size-control" as GPUFeatureName;
const MATRICES = "chromium-experimental-subgroup-matrix" as GPUFeatureName;

/** What to do where a provider finds no adapter. */
const NO_ADAPTER: Record<GpuProvider, string> = {
  deno:
    "no Vulkan adapter found; install the GPU's driver and libvulkan1, or mesa-vulkan-drivers for the software one",
  dawn:
    "Dawn accepts no Vulkan adapter here; Debian 12's software one (Mesa 22.3) is too old for it, Mesa 25 is not",
};

/**
 * Opens the first adapter with the sizes it allows: WebGPU's defaults (128 MiB a binding) are far under what a
 * discrete GPU offers.
 *
 * @throws {DomainError} `unavailable` where there is no adapter, or only a CPU one and `allowSoftware` is false.
 */
export async function openGpu(
  { allowSoftware, provider = "deno", toggles }: {
    allowSoftware: boolean;
    provider?: GpuProvider;
    /** As `openProvider`'s. */
    toggles?: readonly string[];
  },
): Promise<Gpu> {
  const gpu = await openProvider(provider, toggles);
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw new DomainError("unavailable", `Cannot open a GPU: ${NO_ADAPTER[provider]}`);
  const { description, vendor, architecture, device: deviceId } = adapter.info;
  const software = adapter.info.isFallbackAdapter === true ||
    /llvmpipe|lavapipe|swiftshader/i.test(description);
  if (software && !allowSoftware) {
    throw new DomainError(
      "unavailable",
      `Cannot use ${description}: it is a CPU adapter; set ALLOW_SOFTWARE_GPU=1 to train on it all the same`,
    );
  }
  const { device, capabilities, granted } = await requestDevice(adapter);
  const driver = [provider, architecture, description].filter(Boolean).join(" ");
  return {
    device,
    adapter: { description, vendor, device: deviceId, software, driver },
    ...{ capabilities, granted, heldBytes: countHeldMemory(device) },
    failed: firstFailure(device),
  };
}

/** With the adapter's limits, and the features that kernels can make use of. */
export async function requestDevice(
  adapter: GPUAdapter,
): Promise<Pick<Gpu, "device" | "capabilities" | "granted">> {
  const requiredLimits = Object.fromEntries(REQUESTED_LIMITS.map((name) => [name, adapter.limits[name]]));
  const listed: GPUFeatureName[] = OPTIONAL_FEATURES.filter((name) => adapter.features.has(name));
  const capabilities: Capabilities = {
    shaderF16: listed.includes("shader-f16"),
    timestamps: listed.includes("timestamp-query"),
    maxWorkgroupBytes: requiredLimits.maxComputeWorkgroupStorageSize,
    maxWorkgroupInvocations: requiredLimits.maxComputeInvocationsPerWorkgroup,
  };
  const matrices = capabilities.shaderF16 ? matricesOf(adapter) : [];
  const forMatrices = matrices.length === 0
    ? []
    : [MATRICES, ...[SUBGROUP_SIZE_CONTROL].filter((name) => adapter.features.has(name))];
  const descriptor = {
    ...{ label: "latentd", requiredLimits },
    requiredFeatures: [...listed, SUBGROUPS, ...forMatrices],
  };
  try { // Deno does not list subgroups, yet grants them: ask, don't look
    const device = await adapter.requestDevice(descriptor);
    const { subgroupMinSize, subgroupMaxSize } = adapter.info;
    // Who lists the feature keeps to WGSL's text and demands the line; Deno's naga refuses it.
    capabilities.enableSubgroups = adapter.features.has(SUBGROUPS);
    if (subgroupMinSize === subgroupMaxSize) capabilities.subgroupSize = subgroupMinSize;
    capabilities.subgroupSizeControl = forMatrices.includes(SUBGROUP_SIZE_CONTROL);
    // Of several sizes Intel's matrix units take the least alone; AMD's take it too.
    if (
      matrices.length > 0 && (capabilities.subgroupSize !== undefined || capabilities.subgroupSizeControl)
    ) {
      Object.assign(capabilities, { matrices, matrixSubgroupSize: subgroupMinSize });
    }
    return {
      device,
      capabilities,
      granted: { features: descriptor.requiredFeatures, limits: requiredLimits },
    };
  } catch {
    const device = await adapter.requestDevice({ ...descriptor, requiredFeatures: listed });
    return { device, capabilities, granted: { features: listed, limits: requiredLimits } };
  }
}

/** What an adapter of Dawn's tells of its products of matrices; nothing elsewhere. */
interface MatrixConfig extends MatrixShape {
  componentType: string;
  resultComponentType: string;
}

/** Products of f16 that are summed in f32, the largest first. */
function matricesOf(adapter: GPUAdapter): MatrixShape[] {
  if (!adapter.features.has(MATRICES)) return [];
  const { subgroupMatrixConfigs = [] } = adapter.info as { subgroupMatrixConfigs?: Iterable<MatrixConfig> };
  return [...subgroupMatrixConfigs]
    .filter(({ componentType, resultComponentType }) =>
      componentType === "f16" && resultComponentType === "f32"
    )
    .map(({ M, N, K }) => ({ M, N, K }))
    .sort((a, b) => b.M * b.N * b.K - a.M * a.N * a.K);
}

function firstFailure(device: GPUDevice): Promise<Error> {
  const { promise, resolve } = Promise.withResolvers<Error>();
  device.addEventListener("uncapturederror", (event) => {
    const { error } = event as GPUUncapturedErrorEvent;
    log.error(`gpu: ${error.message}`);
    resolve(
      error.constructor.name === "GPUOutOfMemoryError" // of the provider's own class: instanceof cannot tell
        ? new OutOfMemoryError("what a step needs", undefined, error.message)
        : new Error(`Cannot trust the GPU's results: ${error.message}`, { cause: error }),
    );
  });
  device.lost.then((info) => resolve(new DeviceLostError(lossReason(info))));
  return promise;
}
