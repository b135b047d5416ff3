import type { Command } from "./child_process.ts";

/**
 * Starts a worker only to see whether it can: without input it ends as soon as it is ready.
 *
 * @returns Why it cannot, on one line; undefined if it can.
 */
export async function startFailure({ name, program, args, env }: Command): Promise<string | undefined> {
  const worker = new Deno.Command(program, {
    ...{ args, env: { ...env, LOG_FORMAT: "text" } },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  });
  const { success, code, signal, stderr } = await worker.output();
  if (success) return undefined;
  const said = new TextDecoder().decode(stderr).trim().split("\n").at(-1);
  return said || `the ${name} worker ended with ${signal ?? `code ${code}`}`;
}
