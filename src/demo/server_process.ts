import { runtimeDirectory } from "../setup/vulkan.ts";

/** The real server, started as its task does, on a free loopback port. */
export interface ServerProcess {
  url: string;
  /** Ends the server; resolves when it is gone. */
  stop(): Promise<void>;
}

/**
 * Starts the server and waits until it can embed.
 *
 * @param dataDir Under `./data`: its permissions let it write nowhere else.
 * @param log Where its standard error goes.
 * @throws {Error} If it ends before, or is not ready in time.
 */
export async function startServer(root: string, dataDir: string, log: string): Promise<ServerProcess> {
  const stderr = await Deno.open(log, { write: true, create: true, truncate: true });
  const process = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      "-P=server",
      `--allow-run=${Deno.execPath()}`,
      "main.ts",
      "serve",
    ],
    cwd: root,
    env: {
      DATA_DIR: dataDir,
      PORT: "0",
      LOG_FORMAT: "text",
      ALLOW_SOFTWARE_GPU: "1",
      XDG_RUNTIME_DIR: runtimeDirectory(),
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  process.stderr.pipeTo(stderr.writable);
  const stop = async () => {
    try {
      process.kill("SIGTERM");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it has ended by itself
    }
    await process.status;
  };
  try {
    const url = await listeningUrl(process.stdout);
    if (!url) throw new Error(`Cannot start the server: it ended; see ${log}`);
    await ready(url, log);
    return { url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function listeningUrl(stdout: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string | undefined> {
  const reader = stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "", url: string | undefined;
  while (!url) {
    const { value, done } = await reader.read();
    if (done) return undefined;
    text += value;
    url = text.match(/listening on (http:\S+)/)?.[1];
  }
  (async () => { // else a full pipe would stop the server
    while (!(await reader.read()).done);
  })();
  return url;
}

async function ready(url: string, log: string): Promise<void> {
  for (const end = performance.now() + 60_000; performance.now() < end;) {
    const response = await fetch(`${url}/readyz`);
    await response.body?.cancel();
    if (response.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`Cannot use the server: its GPU worker was not ready in a minute; see ${log}`);
}
