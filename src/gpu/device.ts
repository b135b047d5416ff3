import { DomainError } from "../domain/errors.ts";
import type { Capabilities } from "./capabilities.ts";

/** A GPU to compute on, and what is known of it. */
export interface Gpu {
  device: GPUDevice;
  adapter: { description: string; vendor: string; device: string; software: boolean };
  capabilities: Capabilities;
  /** Resolves with the reason when the device is lost; never rejects. */
  lost: Promise<string>;
}

/** The limits that the kernels make use of; the rest keep WebGPU's defaults. */
const REQUESTED_LIMITS = [
  "maxStorageBuffersPerShaderStage",
  "maxStorageBufferBindingSize",
  "maxBufferSize",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY",
] as const;

/**
 * Opens the first adapter with all the limits it has: WebGPU's defaults (8 storage buffers, 128 MiB a binding)
 * are far under what a discrete GPU offers.
 *
 * @throws {DomainError} `unavailable` where there is no adapter, or only a CPU one and `allowSoftware` is false.
 */
export async function openGpu(options: { allowSoftware: boolean; provider?: GPU }): Promise<Gpu> {
  const adapter = await (options.provider ?? navigator.gpu).requestAdapter({
    powerPreference: "high-performance",
  });
  if (!adapter) {
    throw new DomainError(
      "unavailable",
      "Cannot open a GPU: no Vulkan adapter found; install the GPU's driver and libvulkan1, or mesa-vulkan-drivers for the software one",
    );
  }
  const { description, vendor, device: deviceId } = adapter.info;
  const software = adapter.info.isFallbackAdapter === true ||
    /llvmpipe|lavapipe|swiftshader/i.test(description);
  if (software && !options.allowSoftware) {
    throw new DomainError(
      "unavailable",
      `Cannot use ${description}: it is a CPU adapter; set ALLOW_SOFTWARE_GPU=1 to train on it all the same`,
    );
  }
  const requiredLimits = Object.fromEntries(REQUESTED_LIMITS.map((name) => [name, adapter.limits[name]]));
  const shaderF16 = adapter.features.has("shader-f16");
  const { device, subgroups } = await requestDevice(adapter, {
    label: "latentd",
    requiredLimits,
    requiredFeatures: shaderF16 ? ["shader-f16"] : [],
  });
  device.addEventListener("uncapturederror", (event) => {
    console.error("gpu:", (event as GPUUncapturedErrorEvent).error.message);
  });
  const lost = device.lost.then((info) => `${info.reason}: ${info.message}`);
  const { subgroupMinSize, subgroupMaxSize } = adapter.info;
  return {
    device,
    adapter: { description, vendor, device: deviceId, software },
    capabilities: {
      shaderF16,
      ...(subgroups && subgroupMinSize === subgroupMaxSize && { subgroupSize: subgroupMinSize }),
    },
    lost,
  };
}

/** With subgroup operations where they can be had. Deno does not list the feature, yet grants it: ask, don't look. */
async function requestDevice(
  adapter: GPUAdapter,
  descriptor: GPUDeviceDescriptor,
): Promise<{ device: GPUDevice; subgroups: boolean }> {
  try {
    const requiredFeatures = [...descriptor.requiredFeatures ?? [], "subgroups" as GPUFeatureName];
    return { device: await adapter.requestDevice({ ...descriptor, requiredFeatures }), subgroups: true };
  } catch {
    return { device: await adapter.requestDevice(descriptor), subgroups: false };
  }
}
