import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { fromFileUrl } from "@std/path";
import OpenAI from "openai";
import { serveCommand, TestServer } from "./server.ts";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));

/** `deno task keys`, as its operator runs it. */
async function keys(file: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "keys", ...args],
    ...{ cwd: ROOT, env: { API_KEYS_FILE: file }, stdout: "piped", stderr: "piped" },
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trim();
}

Deno.test("a server with keys answers those who have one, and a key that is revoked no more", async () => {
  const directory = await Deno.makeTempDir(), file = `${directory}/keys.jsonl`;
  const reader = await keys(file, "add", "--name", "reader", "--scopes", "read");
  const embedder = await keys(file, "add", "--name", "embedder", "--scopes", "embed,read", "--expires", "1d");
  const server = await TestServer.start(`${directory}/data`, { API_KEYS_FILE: file });
  try {
    const status = async (path: string, key?: string, init: RequestInit = {}) => {
      const headers = { ...init.headers, ...(key ? { Authorization: `Bearer ${key}` } : {}) };
      const answer = await server.fetch(path, { ...init, headers });
      await answer.body?.cancel();
      return answer.status;
    };
    assertEquals([await status("/healthz"), await status("/v1/jobs")], [200, 401]);
    assertEquals([await status("/v1/jobs", reader), await status(`/v1/jobs?key=${reader}`, reader)], [
      200,
      401,
    ]);
    const post = { method: "POST", body: "{}", headers: { "Content-Type": "application/json" } };
    assertEquals([await status("/v1/jobs", reader, post), await status("/v1/jobs", undefined, post)], [
      403,
      401,
    ]);

    const embed = async (apiKey: string): Promise<number> => {
      const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey, maxRetries: 0 });
      const error = await assertRejects(
        () => client.embeddings.create({ model: "none", input: "AAAA" }),
        OpenAI.APIError,
      );
      return error.status;
    };
    assertEquals([await embed("wrong"), await embed(reader), await embed(embedder)], [401, 403, 404]);

    const later = await keys(file, "add", "--name", "later", "--scopes", "read");
    assertEquals(await status("/v1/jobs", later), 200);
    await keys(file, "revoke", "--name", "reader");
    assertEquals([await status("/v1/jobs", reader), await status("/v1/jobs", later)], [401, 200]);
    assertMatch(await keys(file, "list"), /^embedder {2}read,embed .*\nlater {2}read /);
  } finally {
    await server.stop();
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("a server whose keys cannot be read does not start, and says why", async () => {
  const directory = await Deno.makeTempDir(), file = `${directory}/keys.jsonl`;
  try {
    const { code, stderr } = await serveCommand(`${directory}/data`, { API_KEYS_FILE: file }).output();
    assertEquals(code, 2);
    assertMatch(new TextDecoder().decode(stderr), /Cannot read API_KEYS_FILE .*keys\.jsonl/);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
