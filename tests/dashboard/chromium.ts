import { fromFileUrl } from "@std/path";
import { type Browser, chromium } from "playwright-core";

export const CHROMIUM = Deno.env.get("CHROMIUM") ?? "/usr/bin/chromium";
/** WebGL on the CPU; a root, as in containers, has no sandbox to offer. */
const FLAGS = ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"];

/** Whether there is a browser to drive; the tests' runner installs Debian's where it may. */
export function hasChromium(): boolean {
  try {
    return Deno.statSync(CHROMIUM).isFile;
  } catch {
    return false;
  }
}

/** Debian's Chromium, headless. */
export async function launchChromium(): Promise<Browser> {
  const args = Deno.uid() === 0 ? [...FLAGS, "--no-sandbox"] : FLAGS;
  return await chromium.launch({ executablePath: CHROMIUM, args, timeout: 120_000 });
}

/** Where a package's file is, such as axe-core's script for pages. */
export const fileOf = (specifier: string): string => fromFileUrl(import.meta.resolve(specifier));
