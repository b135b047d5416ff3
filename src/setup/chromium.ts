/** Debian's Chromium on this machine, for the tests of the dashboard. */
import { runs } from "./vulkan.ts";

export const CHROMIUM = Deno.env.get("CHROMIUM") ?? "/usr/bin/chromium";

/** Whether there is a browser to drive. */
export function findChromium(): boolean {
  try {
    return Deno.statSync(CHROMIUM).isFile;
  } catch {
    return false;
  }
}

/**
 * Makes sure that there is one, installing it through apt where this user may.
 *
 * @returns In words why there is none, where there is none.
 */
export async function ensureChromium(log: (line: string) => void): Promise<string | undefined> {
  if (findChromium()) return undefined;
  const advice = "install one with: apt-get install chromium (or say where yours is by CHROMIUM)";
  if (Deno.build.os !== "linux" || Deno.uid() !== 0 || !(await runs("apt-get", ["--version"]))) {
    return `there is no ${CHROMIUM}; ${advice}`;
  }
  log("no Chromium found; installing chromium …");
  const install = ["install", "-y", "-q", "--no-install-recommends", "chromium"];
  if (!(await runs("apt-get", install))) {
    await runs("apt-get", ["update", "-q"]);
    if (!(await runs("apt-get", install))) return `apt-get could not install chromium; ${advice}`;
  }
  return findChromium() ? undefined : `chromium was installed, but not as ${CHROMIUM}`;
}
