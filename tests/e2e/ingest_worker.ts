import { fromFileUrl } from "@std/path";
import { ChildProcess } from "../../src/supervisor/child_process.ts";

const MAIN = fromFileUrl(new URL("../../main.ts", import.meta.url));

/** The real ingesting worker for one test, and a directory that it may write to; what it says is kept off the output. */
export async function withIngestWorker(
  use: (child: ChildProcess, directory: string, said: string[]) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "latentd-e2e-ingest-" }), said: string[] = [];
  const { log, error } = console;
  console.log = console.error = (line: string) => said.push(line);
  const child = new ChildProcess({
    name: "ingest",
    program: Deno.execPath(),
    args: [
      ...["run", "--quiet", "--no-prompt", "--frozen", "--allow-env", "--allow-read"],
      ...[`--allow-write=${directory}`, MAIN, "ingest-worker"],
    ],
  });
  try {
    await use(child, directory, said);
  } finally {
    await child.close();
    Object.assign(console, { log, error });
    await Deno.remove(directory, { recursive: true });
  }
}
