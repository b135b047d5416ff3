import type { Finding } from "./finding.ts";

/** Where Vulkan's loader looks for drivers' manifests on Linux. */
const ICD_FOLDERS = [
  ...["/etc/vulkan/icd.d", "/usr/share/vulkan/icd.d", "/usr/local/share/vulkan/icd.d"],
  "/usr/local/etc/vulkan/icd.d",
];
const LIBRARY_FOLDERS = [
  ...["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/local/lib"],
];
/** Each replaces the folders above; the first is what new loaders read. */
const OVERRIDES = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"];

/** What to install where there is no driver, or only a CPU's: by Debian's names, and NVIDIA's in a container. */
export const INSTALL = [
  "AMD, Intel: apt-get install libvulkan1 mesa-vulkan-drivers",
  "NVIDIA: its driver, and apt-get install libvulkan1 libxext6 libegl1",
  "NVIDIA in a container: these three in it, on the host the NVIDIA container toolkit (1.18 or newer), and " +
  "NVIDIA_DRIVER_CAPABILITIES=compute,utility,graphics: without `graphics` it mounts no Vulkan driver",
  "no GPU: apt-get install libvulkan1 mesa-vulkan-drivers for a software adapter, and ALLOW_SOFTWARE_GPU=1",
];
/** `setup/webgpu_env.ts` says why. */
const OPENGL = "OpenGL, where there is any, is not used";

/** Vulkan's loader and the drivers' manifests that it will find. */
export function lookForVulkan(env: (name: string) => string | undefined): Finding {
  const loader = LIBRARY_FOLDERS.map((folder) => `${folder}/libvulkan.so.1`).find(exists);
  const override = OVERRIDES.find((name) => env(name));
  const manifests = override
    ? env(override)!.split(":")
    : ICD_FOLDERS.flatMap((folder) => listOf(folder).map((name) => `${folder}/${name}`));
  const missing = manifests.filter((path) => !exists(path));
  const details = { loader: loader ?? null, drivers: manifests.filter(exists), missing };
  if (!loader) {
    const found = `Vulkan's loader, libvulkan.so.1, is in none of ${LIBRARY_FOLDERS.join(", ")}; ${OPENGL}`;
    return { what: "vulkan", state: "warning", found, advice: INSTALL, details };
  }
  if (details.drivers.length === 0) {
    const none = override
      ? `${override} names no driver that is there: ${manifests.join(", ")}`
      : `Vulkan's loader is there, but no driver is in ${ICD_FOLDERS.join(", ")}`;
    const found = `${none}; ${OPENGL}`;
    const advice = override ? [`unset ${override}, or let it name a driver's manifest`, ...INSTALL] : INSTALL;
    return { what: "vulkan", state: "warning", found, advice, details };
  }
  const names = details.drivers.map((path) =>
    path.replace(/^.*\//, "").replace(/(_icd)?(\.[^.]+)?\.json$/, "")
  );
  return { what: "vulkan", state: "good", found: `loader ${loader}; drivers ${names.join(", ")}`, details };
}

/** What a container's NVIDIA runtime was asked for; undefined where there is no NVIDIA driver. */
export function lookForNvidia(env: (name: string) => string | undefined): Finding | undefined {
  const file = "/sys/module/nvidia/version", asked = env("NVIDIA_DRIVER_CAPABILITIES");
  if (!exists(file)) return undefined;
  const version = Deno.readTextFileSync(file).trim(), what = "nvidia";
  const lacks = asked !== undefined && !/graphics|all|display/.test(asked);
  const found = `driver ${version}${asked === undefined ? "" : `, NVIDIA_DRIVER_CAPABILITIES=${asked}`}`;
  return lacks
    ? {
      what,
      state: "warning",
      found,
      advice: ["add `graphics` to NVIDIA_DRIVER_CAPABILITIES: without it no Vulkan"],
    }
    : { what, state: "good", found };
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

function listOf(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => name.endsWith(".json"))
      .sort();
  } catch {
    return [];
  }
}
