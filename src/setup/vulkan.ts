/** Vulkan on this machine: is there an adapter, and if not, can Debian's software one be installed. */
import { fromFileUrl } from "@std/path";

const CONFIG = fromFileUrl(new URL("../../deno.json", import.meta.url));

/** What Debian needs for the loader and the software adapter. */
export const PACKAGES = ["libvulkan1", "mesa-vulkan-drivers"] as const;

/** Where a provider's `GPU` comes from, as an expression; deno.json says which Dawn. */
const ENTRY = { deno: "navigator.gpu", dawn: '(await import("webgpu")).create([])' };

/**
 * Asks a child process for an adapter: a process that has once looked for one in vain does not see one installed since.
 *
 * @param env Of the child, such as which Vulkan driver to load.
 * @returns The adapter's description, or undefined where there is none.
 */
export async function findAdapter(
  provider: "deno" | "dawn" = "deno",
  env: Record<string, string> = {},
): Promise<string | undefined> {
  const script = `const gpu = ${ENTRY[provider]}, adapter = await gpu.requestAdapter();
    if (adapter) console.log(adapter.info.description || "a GPU");`;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", "--config", CONFIG, script],
    env: { XDG_RUNTIME_DIR: runtimeDirectory(), NO_COLOR: "1", ...env },
    stderr: "null",
  }).output();
  return new TextDecoder().decode(stdout).trim() || undefined;
}

/** A directory for XDG_RUNTIME_DIR: Vulkan's window-system code prints an error when it is unset. */
export function runtimeDirectory(): string {
  return Deno.env.get("XDG_RUNTIME_DIR") ?? Deno.env.get("TMPDIR") ?? "/tmp";
}

/**
 * Makes sure that there is an adapter, installing the software one through apt where this user may.
 *
 * @returns The adapter's description.
 * @throws {Error} One line that says what to install, where it could not.
 */
export async function ensureAdapter(log: (line: string) => void): Promise<string> {
  const found = await findAdapter();
  if (found) return found;
  const advice = `install one with: apt-get install ${PACKAGES.join(" ")} (or your GPU's own Vulkan driver)`;
  if (Deno.build.os !== "linux" || Deno.uid() !== 0 || !(await runs("apt-get", ["--version"]))) {
    throw new Error(`Cannot find a Vulkan adapter: ${advice}`);
  }
  log(`no Vulkan adapter found; installing ${PACKAGES.join(" and ")} …`);
  const install = ["install", "-y", "-q", "--no-install-recommends", ...PACKAGES];
  if (!(await runs("apt-get", install))) {
    await runs("apt-get", ["update", "-q"]);
    if (!(await runs("apt-get", install))) {
      throw new Error(`Cannot install a Vulkan adapter: apt-get failed; ${advice}`);
    }
  }
  const installed = await findAdapter();
  if (!installed) throw new Error(`Cannot find a Vulkan adapter after installing ${PACKAGES.join(", ")}`);
  return installed;
}

/** Runs a program, its output thrown away. @returns Whether it is there and succeeded. */
export async function runs(command: string, args: string[], cwd?: string): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(command, {
      args,
      cwd,
      env: { DEBIAN_FRONTEND: "noninteractive" },
      stdout: "null",
      stderr: "null",
    }).output();
    return success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
