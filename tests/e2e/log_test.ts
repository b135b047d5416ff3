import { assert, assertEquals } from "@std/assert";
import { runKeys } from "../../src/keys/command.ts";
import { serveCommand } from "./server.ts";

Deno.test("a server that logs JSON writes nothing else, names requests, and never a key", async () => {
  const directory = await Deno.makeTempDir(), file = `${directory}/keys.jsonl`;
  let key = "";
  await runKeys(["add", "--name", "ann", "--scopes", "read,train"], file, (line) => key = line);
  const env = { API_KEYS_FILE: file, LOG_FORMAT: "json", LOG_LEVEL: "debug" };
  const server = serveCommand(`${directory}/data`, env).spawn();
  let said = "";
  const listen = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) said += text;
  };
  const ended = Promise.all([listen(server.stdout), listen(server.stderr)]);
  const until = async (wanted: RegExp): Promise<string> => {
    for (const end = Date.now() + 60_000; Date.now() < end;) {
      const found = said.match(wanted);
      if (found) return found[1];
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`${wanted} is not in: ${said}`);
  };
  try {
    const url = await until(/listening on (http:[^"]+)"/);
    const headers = { Authorization: `Bearer ${key}`, "X-Request-Id": "list-1" };
    const list = await fetch(`${url}/v1/jobs?key=${key}`, { headers });
    assertEquals([list.status, (await list.text()).includes(key)], [401, false]);
    const ok = await fetch(`${url}/v1/jobs`, { headers: { ...headers, "X-Request-Id": "list-2" } });
    const { length } = await ok.text();
    await (await fetch(`${url}/v1/jobs/${key}`, { headers })).body?.cancel();
    await until(/(embed worker \d+ is ready)/);
    server.kill("SIGTERM");
    await server.status;
    await ended;
    const lines = said.trim().split("\n").map((line) => JSON.parse(line)); // throws at anything else
    assertEquals(lines.filter(({ time, level, message }) => !(Date.parse(time) && level && message)), []);
    const access = lines.find(({ request_id, level }) => request_id === "list-2" && level === "debug");
    assertEquals([access.status, access.key, access.path], [200, "ann", "/v1/jobs"]);
    assert(access.bytes > length && access.bytes < length + 2000 && access.ms > 0, JSON.stringify(access));
    const refused = lines.find(({ request_id, audit }) => request_id === "list-1" && audit);
    assertEquals([refused.status, refused.key], [401, undefined]);
    assert(lines.some(({ worker, pid, adapter }) => worker === "embed" && pid > 0 && adapter));
    assertEquals([said.includes(key), said.includes(key.slice(4))], [false, false]);
  } finally {
    try {
      server.kill("SIGKILL");
    } catch { // it has ended in order
    }
    await Deno.remove(directory, { recursive: true });
  }
});
