import { assert, assertEquals } from "@std/assert";
import { mostBytes } from "./memory.ts";
import { head, type RawAnswer, sendRaw } from "./raw_client.ts";
import { TestServer } from "./server.ts";

const IDLE_SECONDS = 1, MAX_UPLOAD = 1_000_000;
const TAR = { "Content-Type": "application/x-tar" }, JSON_TYPE = { "Content-Type": "application/json" };
const TUS = { "Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream" };
const UPLOAD = "POST /v1/datasets?name=x", CHUNKED = { "Transfer-Encoding": "chunked" };

/** Runs `check` against a server, and holds that it then has no dataset, nothing on disk, and answers. */
async function withServer(check: (server: TestServer, dataDir: string) => Promise<void>): Promise<void> {
  const dataDir = await Deno.makeTempDir({ prefix: "latentd-e2e-hostile-" });
  const env = { BODY_IDLE_SECONDS: String(IDLE_SECONDS), MAX_UPLOAD_BYTES: String(MAX_UPLOAD) };
  const server = await TestServer.start(dataDir, env);
  try {
    await check(server, dataDir);
    const kept = () => [...Deno.readDirSync(`${dataDir}/datasets`)].map(({ name }) => name);
    await server.until(() => Promise.resolve(kept()), (names) => names.length === 0, 10);
    assertEquals((await server.json("/v1/datasets")).data, []);
    assertEquals(await server.statusOf("/healthz"), 200);
  } finally {
    await server.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
}

/** That the answer is a problem of this status, and the last thing on its connection. */
function refused({ status, headers, body, ended }: RawAnswer, expected: number, what: string): void {
  assertEquals(
    [status, headers.get("Content-Type"), ended],
    [expected, "application/problem+json", true],
    what,
  );
  assert(headers.get("X-Request-Id"), what);
  assertEquals(JSON.parse(body).status, expected, what);
}

/** The server and its children outlive their steps. */
const test = (name: string, check: Parameters<typeof withServer>[0]) =>
  Deno.test({ name, sanitizeOps: false, sanitizeResources: false, fn: () => withServer(check) });

test("a length that lies is a 400, and what came is nowhere to be seen", async ({ url }) => {
  for (const type of [TAR, JSON_TYPE]) {
    const short = head(UPLOAD, { ...type, "Content-Length": 10 });
    refused(await sendRaw(url, [short, "{}", "end"]), 400, "longer than the body, which ends");
    refused(
      await sendRaw(url, [head(UPLOAD, { ...type, ...CHUNKED }), "2\r\n{}\r\n", "end"]),
      400,
      "no last chunk",
    );
  }
  const long = head(UPLOAD, { ...TAR, "Content-Length": 3 });
  refused(await sendRaw(url, [`${long}abcdef`]), 400, "shorter than the body");
  for (
    const [what, headers] of Object.entries<Record<string, string | number>>({
      "negative": { "Content-Length": -3 },
      "no number": { "Content-Length": "3x" },
      "two lengths": { "Content-Length": "3\r\nContent-Length: 4" },
      "a length and chunks": { "Content-Length": 3, ...CHUNKED },
    })
  ) refused(await sendRaw(url, [head(UPLOAD, { ...TAR, ...headers }), "abc"]), 400, what);
  const chunks = head(UPLOAD, { ...TAR, ...CHUNKED });
  refused(await sendRaw(url, [chunks, "zz\r\nabc\r\n"]), 400, "a chunk's size that is none");
  refused(await sendRaw(url, [chunks, "3\r\nabc\r\n", 50, "zz\r\nabc\r\n"]), 400, "the second one's");
});

test("a body without a length is refused while it streams, and is not held", async ({ url, process }) => {
  const before = mostBytes(process.pid), chunk = new Uint8Array(65536 + 9);
  chunk.set(new TextEncoder().encode("10000\r\n"));
  chunk.set([13, 10], chunk.length - 2);
  for (const [line, type] of [[UPLOAD, TAR], ["POST /v1/jobs", JSON_TYPE]] as const) {
    let sent = 0;
    const endless = (function* () {
      yield head(line, { ...type, ...CHUNKED });
      for (; sent < 300e6; sent += chunk.length) yield chunk;
    })();
    refused(await sendRaw(url, endless), 413, line);
    assert(sent < 200e6, `${line}: it took ${sent} bytes`);
  }
  const held = mostBytes(process.pid) - before;
  assert(held < 100e6, `${held} bytes were held`);
  const told = head(UPLOAD, { ...TAR, "Content-Length": 10 * MAX_UPLOAD });
  refused(
    await sendRaw(url, [told, ...Array<Uint8Array>(20).fill(new Uint8Array(100_000))]),
    413,
    "told before",
  );
});

test("a compressed body is refused by name, plain or a bomb", async ({ url }) => {
  const bomb = new Uint8Array(
    await new Response(
      new Blob([new Uint8Array(64e6)]).stream().pipeThrough(new CompressionStream("gzip")),
    ).arrayBuffer(),
  );
  const plain = new Uint8Array(
    await new Response(new Blob(["{}"]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer(),
  );
  for (const body of [bomb, plain]) {
    for (
      const line of [
        UPLOAD,
        "POST /v1/jobs",
        "POST /v1/embeddings",
        "PUT /v1/models/best",
        "POST /v1/uploads",
      ]
    ) {
      for (const encoding of ["gzip", "GZIP", "deflate", "br", "zstd", "gzip, identity"]) {
        const headers = { ...JSON_TYPE, "Content-Encoding": encoding, "Content-Length": body.length };
        const answer = await sendRaw(url, [head(line, { ...headers, Connection: "close" }), body]);
        refused(answer, 415, `${line} ${encoding}`);
        assertEquals(answer.headers.get("Accept-Encoding"), "identity");
      }
    }
  }
  const known = head("POST /v1/jobs", { ...JSON_TYPE, "Content-Encoding": "identity", "Content-Length": 2 });
  assertEquals((await sendRaw(url, [known, "{}"], 200)).status, 422);
});

test("a body that falls silent is a 408, and one that is slow is none", async (server, dataDir) => {
  const { url } = server, form = { "Content-Type": "multipart/form-data; boundary=b" };
  const silent: [string, Record<string, string>][] = [
    [UPLOAD, TAR],
    [UPLOAD, form],
    ["POST /v1/jobs", JSON_TYPE],
    ["POST /v1/embeddings", form],
    ["POST /v1/uploads", { ...TUS, "Upload-Length": "10" }],
  ];
  await Promise.all(silent.map(async ([line, type]) => {
    refused(await sendRaw(url, [head(line, { ...type, "Content-Length": "10" }), "{"]), 408, line);
    refused(
      await sendRaw(url, [head(line, { ...type, ...CHUNKED }), "1\r\n{\r\n"]),
      408,
      `${line}, in chunks`,
    );
  }));

  const { headers } = await server.fetch("/v1/uploads", {
    ...{ method: "POST", headers: { "Tus-Resumable": "1.0.0", "Upload-Length": "10" } },
  });
  const path = headers.get("Location")!;
  const patch = (offset: number, length: number) =>
    head(`PATCH ${path}`, { ...TUS, "Upload-Offset": offset, "Content-Length": length });
  refused(await sendRaw(url, [patch(0, 10), "abc"]), 408, "PATCH");
  const offset = async () =>
    (await server.fetch(path, { method: "HEAD", headers: { "Tus-Resumable": "1.0.0" } })).headers.get(
      "Upload-Offset",
    );
  assertEquals(await offset(), "3", "what came is kept");
  // Longer than a body may be silent, and never silent that long.
  const slow = [..."defghij"].flatMap((letter) => [letter, 300]);
  assertEquals((await sendRaw(url, [patch(3, 7), ...slow], 2000)).status, 204);
  assertEquals(await offset(), "10");
  assertEquals(await Deno.readTextFile(dataDir + path.slice("/v1".length)), "abcdefghij");
});

test("headers that never end, are too many or too long are cut off", async ({ url }) => {
  const never = [
    "GET / HTTP/1.1\r\nHost: localhost\r\n",
    ...Array.from({ length: 40 }, (_, i) => [`A${i}: b\r\n`, 200]).flat(),
  ];
  const slow = await Promise.all([[], ["GET"], never].map((parts) => sendRaw(url, parts)));
  for (const [i, answer] of slow.entries()) refused(answer, 408, `slow headers ${i}`);
  const many = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`a${i}`, "b"]));
  refused(await sendRaw(url, [head("GET /healthz", many)]), 431, "many");
  refused(await sendRaw(url, [head("GET /healthz", { A: "a".repeat(20_000) })]), 431, "long");
  refused(await sendRaw(url, [head(`GET /${"a".repeat(20_000)}`)]), 431, "a long target");
  refused(await sendRaw(url, ["\x00\x01\x02\r\n\r\n"]), 400, "no HTTP");
  refused(
    await sendRaw(url, [head("GET /healthz", { Host: "a b" }).replace("Host: localhost\r\n", "")]),
    400,
    "no host",
  );
});
