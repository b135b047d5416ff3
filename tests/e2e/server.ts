import { assert } from "@std/assert";
import { fromFileUrl } from "@std/path";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));

/** A real server in a process of its own, on a free port, with a data directory that outlives it. */
export class TestServer {
  private constructor(readonly process: Deno.ChildProcess, readonly url: string) {}

  /** Starts `main.ts serve` with the permissions of the task `serve`, but for the directory. */
  static async start(dataDir: string, env: Record<string, string> = {}): Promise<TestServer> {
    const process = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "--no-prompt", "--frozen", "--allow-env", "--allow-net=127.0.0.1"],
        ...["--allow-read", `--allow-write=${dataDir}`, `--allow-run=${Deno.execPath()}`],
        ...["main.ts", "serve"],
      ],
      cwd: ROOT,
      env: { DATA_DIR: dataDir, PORT: "0", ALLOW_SOFTWARE_GPU: "1", XDG_RUNTIME_DIR: "/tmp", ...env },
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const lines = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let text = "", url: string | undefined;
    while (!url) {
      const { value, done } = await lines.read();
      assert(!done, `the server ended before it listened: ${text}`);
      text += value;
      url = text.match(/listening on (http:\S+)/)?.[1];
    }
    (async () => { // else a full pipe would stop the server
      while (!(await lines.read()).done);
    })();
    return new TestServer(process, url);
  }

  fetch(path: string, init?: RequestInit): Promise<Response> {
    return fetch(this.url + path, init);
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

  /** Process ids of the server's own children with this role. */
  async children(role: "train-worker" | "embed-worker"): Promise<number[]> {
    const found: number[] = [];
    for await (const { name } of Deno.readDir("/proc")) {
      if (!/^\d+$/.test(name)) continue;
      const stat = await Deno.readTextFile(`/proc/${name}/stat`).catch(() => "");
      const command = await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => "");
      const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
      if (parent === this.process.pid && command.includes(role)) found.push(Number(name));
    }
    return found;
  }
}
