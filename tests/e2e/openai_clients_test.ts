// The stock clients of four majors, and Python's where it is installed, unmodified, against a real server with keys.
import { assertEquals } from "@std/assert";
import OpenAI7 from "openai";
import OpenAI5 from "openai5";
import OpenAI6 from "openai6";
import { encodePng } from "../../src/data/encode_png.ts";
import { changeKeys, hashKey, newKey, newSalt } from "../../src/keys/key_file.ts";
import { noise } from "./noise.ts";
import { checkClient, type ClientTask, fround, RATE } from "./openai_calls.ts";
import { plantModel } from "./planted_model.ts";
import { pythonWithTorch, runPython } from "./python.ts";
import { TestServer } from "./server.ts";

const CLIENTS = { 5: OpenAI5, 6: OpenAI6, 7: OpenAI7 };
const DIM = 64;
const python = await pythonWithTorch("openai");

/**
 * Version 4's, in a process with a config and a lockfile of its own: it brings Node's types of version 18, which the checker
 * would take for everybody's.
 */
async function checkOldest(task: ClientTask): Promise<void> {
  const here = (name: string) => new URL(name, import.meta.url).pathname;
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...[
        "run",
        "--quiet",
        "--no-prompt",
        "--config",
        here("./openai4.json"),
        "--allow-net=127.0.0.1",
        "--allow-env",
      ],
      ...["--allow-read", here("./openai4_client.ts"), JSON.stringify(task)],
    ],
  }).output();
  if (!success) throw new Error(`version 4: ${new TextDecoder().decode(stderr)}`);
}
/** A key of its own for each client, so that none spends what another may do. */
async function addKey(file: string, name: string): Promise<string> {
  const key = newKey(), salt = newSalt();
  const record = {
    ...{
      name,
      scopes: ["read" as const, "embed" as const],
      salt: salt.toHex(),
      hash: hashKey(salt, key).toHex(),
    },
    ...{ created_at: new Date().toISOString(), expires_at: null },
  };
  await changeKeys(file, (records) => [...records, record]);
  return key;
}

Deno.test({
  name: "openai's clients of versions 4 to 7 embed, list models, read errors, and wait for Retry-After" +
    (python ? "; and Python's" : " (Python's skipped: no python3 with openai is here)"),
  sanitizeOps: false,
  sanitizeResources: false,
}, async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "latentd-e2e-openai-" });
  const model = await plantModel(dataDir, "cifar_resnet8", 16), keysFile = `${dataDir}/keys.json`;
  const image = `data:image/png;base64,${new Uint8Array(await encodePng(noise(16, 1))).toBase64()}`;
  const keys = new Map<string, string>();
  for (const name of ["4", ...Object.keys(CLIENTS), "python"]) keys.set(name, await addKey(keysFile, name));
  const server = await TestServer.start(dataDir, { API_KEYS_FILE: keysFile, RATE_LIMIT: String(RATE) });
  const baseURL = `${server.url}/v1`;
  try {
    await server.until(() => server.statusOf("/readyz"), (status) => status === 200);
    const taskOf = (version: string) => ({ version, baseURL, apiKey: keys.get(version)!, model, image });
    const clients = Object.entries(CLIENTS).map(([version, OpenAI]) => checkClient(OpenAI, taskOf(version)));
    await Promise.all([...clients, checkOldest(taskOf("4"))]);
    if (!python) return;
    const script = new URL("./openai_client.py", import.meta.url);
    const got = await runPython(python, script, [baseURL, keys.get("python")!, model, image]);
    const { version, floats, default: decoded, ...rest } = got as {
      version: string;
      floats: number[];
      default: number[];
    };
    assertEquals([floats.length, fround(decoded)], [DIM, fround(floats)], version);
    assertEquals(
      rest,
      {
        ...{ listed: [model], retrieved: model },
        errors: [
          ["NotFoundError", 404, "model_not_found"],
          ["BadRequestError", 400, "bad_image"],
          ["UnprocessableEntityError", 422, "url_not_allowed"],
        ],
      } as unknown as typeof rest,
    );
  } finally {
    await server.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
});
