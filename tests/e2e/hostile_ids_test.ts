import { assert, assertEquals } from "@std/assert";
import { newId } from "../../src/domain/ids.ts";
import { noiseTar } from "./noise.ts";
import { head, sendRaw } from "./raw_client.ts";
import { TestServer } from "./server.ts";

const SECRET = "what no answer may hold";

/** What may stand in a path instead of an id; `real` is one that exists. */
const hostile = (real: string): string[] => [
  ...[
    "..",
    "../..",
    "%2e%2e",
    "..%2f..%2fsecret",
    "..%2Fsecret",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "%2fetc%2fpasswd",
  ],
  ...[
    "..%5csecret",
    "..\\secret",
    "%00",
    "secret%00.json",
    `${real}%00`,
    `${real}%2f..%2f..%2fsecret`,
    `${real}%0a`,
  ],
  ...[
    "%",
    "%zz",
    "%ff",
    "%c0%ae%c0%ae%c0%afsecret",
    "%E2%98%83",
    "☃",
    "%F0%9F%92%A9",
    "%EF%BC%8E%EF%BC%8E",
    "%u002e",
  ],
  ...[
    "__proto__",
    "constructor",
    "null",
    "*",
    "%20",
    "'%20OR%201=1--",
    real.toLowerCase(),
    `${real}x`,
    "a".repeat(1024),
  ],
];

/** Every file under a directory, but the database's own, with what it holds. */
function contents(directory: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { name, isDirectory } of Deno.readDirSync(directory)) {
    const path = `${directory}/${name}`;
    if (isDirectory) Object.assign(found, contents(path), { [path]: "directory" });
    else if (!name.startsWith("latentd.sqlite")) found[path] = Deno.readFileSync(path).toBase64();
  }
  return found;
}

Deno.test({
  name: "no id of any operation reaches a file, and none is a fault of the server's",
  // The server and its children outlive their steps; the last line ends them.
  sanitizeOps: false,
  sanitizeResources: false,
}, async () => {
  const root = await Deno.makeTempDir({ prefix: "latentd-e2e-ids-" }), dataDir = `${root}/data`;
  await Deno.mkdir(dataDir);
  for (const place of [`${root}/secret`, `${dataDir}/secret`]) await Deno.writeTextFile(place, SECRET);
  const server = await TestServer.start(dataDir);
  try {
    const { id: dataset } = await server.json("/v1/datasets?name=known", {
      ...{ method: "POST", headers: { "Content-Type": "application/x-tar" }, body: await noiseTar(4, 32) },
    }) as unknown as { id: string };
    await server.until(() => server.json(`/v1/datasets/${dataset}`), ({ status }) => status === "ready");
    const begun = await server.fetch("/v1/uploads", {
      ...{ method: "POST", headers: { "Tus-Resumable": "1.0.0", "Upload-Length": "9" } },
    });
    const upload = begun.headers.get("Location")!.split("/").at(-1)!;
    const before = contents(root);

    const { paths } = await server.json("/openapi.json") as unknown as { paths: Record<string, object> };
    const requests: { line: string; type: string }[] = [];
    for (const [path, operations] of Object.entries(paths)) {
      const names = [...path.matchAll(/\{(\w+)\}/g)].map(([whole]) => whole);
      for (const [method, operation] of Object.entries(operations)) {
        const types = Object.keys(operation.requestBody?.content ?? { "application/offset+octet-stream": 0 });
        for (const name of names) {
          const real = path.includes("/uploads")
            ? upload
            : path.includes("/datasets")
            ? dataset
            : newId("job");
          for (const id of hostile(real)) {
            // The other parameters are such as exist, so that this one is looked at.
            const filled = path.replace(name, id).replace("{id}", real).replace("{n}", "0").replace(
              "{name}",
              "x",
            );
            requests.push({ line: `${method.toUpperCase()} ${filled}`, type: types[0] });
          }
        }
      }
    }
    assert(requests.length > 600, `${requests.length}: is this test looking at the document?`);
    const wrong: string[] = [];
    for (const { line, type } of requests) {
      const { status, body } = await sendRaw(server.url, [
        head(line, {
          ...{ "Content-Type": type, "Content-Length": 2, "Tus-Resumable": "1.0.0", "Upload-Offset": 0 },
          ...{ Connection: "close" },
        }) + "{}",
      ]);
      // By the rules of URLs dots alone lead up the path, and there may be something: it is asked for by its own name then.
      const meant = new URL(line.split(" ")[1], server.url).pathname;
      const accepted = [400, 404, 405, 422, ...(meant in paths ? [200, 302] : [])];
      if (!accepted.includes(status) || body.includes(SECRET)) {
        wrong.push(`${line.slice(0, 100)}: ${status}`);
      }
    }
    assertEquals(wrong, []);
    assertEquals(contents(root), before);
    assertEquals(await server.statusOf("/healthz"), 200);
  } finally {
    await server.stop();
    await Deno.remove(root, { recursive: true });
  }
});
