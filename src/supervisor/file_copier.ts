import type { Command } from "./child_process.ts";

/**
 * Copies a file by a child.
 *
 * @throws {Error} With the system's `code`, such as ENOSPC, where it has one.
 */
export async function copyByChild(
  { program, args, env }: Omit<Command, "name">,
): Promise<void> {
  const child = new Deno.Command(program, { args, env, stdin: "null", stdout: "null", stderr: "piped" });
  const { success, stderr } = await child.output();
  if (success) return;
  const said = new TextDecoder().decode(stderr).trim().split("\n").at(-1) ?? "";
  let told: { message: string; code?: string };
  try {
    told = JSON.parse(said);
  } catch {
    told = { message: `Cannot copy a file: ${said || "what copies it has ended"}` };
  }
  throw Object.assign(new Error(told.message), told.code ? { code: told.code } : {});
}
