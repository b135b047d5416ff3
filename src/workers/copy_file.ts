import { toFailure } from "../domain/errors.ts";

/**
 * A process for one copy of a file, durable when it ends well; where it fails, why goes to standard error as JSON. For a file
 * on which the server holds a lock: the server itself would lose that with the copy.
 */
export async function runCopy(from: string, to: string): Promise<never> {
  try {
    await Deno.copyFile(from, to);
    using file = await Deno.open(to, { write: true });
    await file.sync();
  } catch (error) {
    const { code } = error as { code?: string };
    const told = JSON.stringify({ ...toFailure(error, `Cannot copy ${from}`), code });
    Deno.stderr.writeSync(new TextEncoder().encode(`${told}\n`)); // for the one who has started it
    Deno.exit(1);
  }
  Deno.exit(0);
}
