/// <reference lib="dom" />
import { assert } from "@std/assert";
import { fromFileUrl } from "@std/path";
import type { Page } from "playwright-core";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));

/** Copies a snippet of the page and runs it as it is pasted: `curl` in a shell, TypeScript in a file. @returns What it printed. */
export async function runPasted(
  page: Page,
  name: "curl" | "fetch" | "openai",
  folder: string,
): Promise<string> {
  await page.getByRole("tab", { name }).click();
  await page.getByRole("button", { name: /^Copy the .* snippet$/ }).click();
  const code = await page.evaluate(() => navigator.clipboard.readText());
  if (name === "curl") return await outputOf("sh", ["-euc", code], folder);
  await Deno.writeTextFile(`${folder}/snippet.ts`, code);
  return await outputOf(Deno.execPath(), [
    // `openai` is the version that the root pins.
    ...["run", "--quiet", "--no-prompt", "--no-check", `--config=${ROOT}deno.json`, "--frozen"],
    ...["--allow-net=127.0.0.1", `--allow-read=${folder}`, "--allow-env", `${folder}/snippet.ts`],
  ], folder);
}

async function outputOf(command: string, args: string[], cwd: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args, cwd }).output();
  assert(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}
