import { assert } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { TextLineStream } from "@std/streams/text-line-stream";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));

/** `main.ts serve` with the permissions of the task `serve`, but for the directory. */
export const serveCommand = (
  dataDir: string,
  env: Record<string, string> = {},
  stderr: "piped" | "inherit" = "piped",
): Deno.Command =>
  new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "--no-remote", "--frozen", "-P=server"],
      ...[`--allow-write=${dataDir}`, `--allow-run=${Deno.execPath()}`],
      ...["main.ts", "serve"],
    ],
    cwd: ROOT,
    env: {
      DATA_DIR: dataDir,
      PORT: "0",
      ALLOW_SOFTWARE_GPU: "1",
      XDG_RUNTIME_DIR: "/tmp",
      LOG_FORMAT: "text",
      ...env,
    },
    stdout: "piped",
    stderr,
  });

/** A real server in a process of its own, on a free port, with a data directory that outlives it. */
export class TestServer {
  url = "";
  #output = "";
  readonly #url = Promise.withResolvers<string>();
  private constructor(readonly process: Deno.ChildProcess) {}

  /** Starts `main.ts serve`. @param heard Called with each line of its standard error, which is passed on otherwise. */
  static start(
    dataDir: string,
    env: Record<string, string> = {},
    heard?: (line: string) => void,
  ): Promise<TestServer> {
    return TestServer.of(serveCommand(dataDir, env, heard ? "piped" : "inherit"), heard);
  }
  /** Starts a server by a command of the caller's, whose output is piped: its errors, too, if there is `heard`. */
  static async of(command: Deno.Command, heard?: (line: string) => void): Promise<TestServer> {
    const process = command.spawn();
    const server = new TestServer(process);
    if (heard) hear(process.stderr, heard);
    server.#listen(process.stdout); // on and on: a full pipe would stop the server
    server.url = await server.#url.promise;
    return server;
  }

  fetch(path: string, init?: RequestInit): Promise<Response> {
    return fetch(this.url + path, init);
  }
  async statusOf(path: string): Promise<number> {
    const response = await this.fetch(path);
    await response.body?.cancel();
    return response.status;
  }
  async json(path: string, init?: RequestInit): Promise<Record<string, unknown> & { status: string }> {
    const response = await this.fetch(path, init), body = await response.json();
    assert(response.ok, `${path}: ${response.status} ${JSON.stringify(body)}`);
    return body;
  }
  post(path: string, body: unknown): Promise<Response> {
    return this.fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
  }

  /** Asks until `done` is satisfied with the answer. */
  async until<T>(ask: () => Promise<T>, done: (answer: T) => boolean, seconds = 120): Promise<T> {
    for (const end = Date.now() + 1000 * seconds;;) {
      const answer = await ask();
      if (done(answer)) return answer;
      assert(Date.now() < end, `nothing came of it in ${seconds} s: ${JSON.stringify(answer)}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Ends it as an operator would. */
  async stop(): Promise<void> {
    this.process.kill("SIGTERM");
    await this.process.status;
  }
  /** Ends it as a crash would. */
  async crash(): Promise<void> {
    this.process.kill("SIGKILL");
    await this.process.status;
  }

  /** The process id of the server's own child of this role, as it says when the child is ready. */
  async child(role: "train" | "embed"): Promise<number> {
    const last = () =>
      Number([...this.#output.matchAll(new RegExp(`^${role} worker (\\d+) is ready`, "gm"))].at(-1)?.[1]);
    return await this.until(() => Promise.resolve(last()), (pid) => pid > 0, 60);
  }

  async #listen(stdout: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    for await (const text of stdout.pipeThrough(new TextDecoderStream())) {
      this.#output += text;
      const url = this.#output.match(/listening on (http:\S+)/)?.[1];
      if (url) this.#url.resolve(url);
    }
    this.#url.reject(new Error(`the server ended before it listened: ${this.#output}`));
  }
}

async function hear(
  stderr: ReadableStream<Uint8Array<ArrayBuffer>>,
  heard: (line: string) => void,
): Promise<void> {
  const lines: AsyncIterable<string> = stderr.pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream());
  for await (const line of lines) heard(line);
}

/** Whether a process is there. */
export function isAlive(pid: number): boolean {
  try {
    Deno.kill(pid, "SIGCONT"); // does nothing to a process that runs
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
