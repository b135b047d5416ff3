import { assertEquals, assertRejects } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { DomainError } from "../../src/domain/errors.ts";
import { DownloadClient } from "../../src/supervisor/download_client.ts";
import { TestServer } from "./server.ts";

const CHILD = fromFileUrl(new URL("./download_child.ts", import.meta.url));

Deno.test("a download comes through its child, its failures by name, and one that is given up ends it", async () => {
  const large = new Uint8Array(3_000_000).fill(7), connections = { open: 0 };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/large") return new Response(large);
    if (pathname === "/gone") return new Response("no", { status: 410 });
    connections.open++;
    return new Response(
      new ReadableStream<Uint8Array>({
        pull: (controller) => controller.enqueue(new Uint8Array(1000)),
        cancel: () => void connections.open--,
      }),
    );
  });
  const host = `localhost.localdomain:${server.addr.port}`;
  const client = new DownloadClient((url) => ({
    program: Deno.execPath(),
    args: [
      ...["run", "--quiet", "--no-prompt", "--allow-net", "--allow-env"],
      ...[CHILD, url.replace("localhost.localdomain", "localhost"), "4000000"],
    ],
  }), [host]);
  const at = (path: string) => client.download(`https://${host}${path}`);
  try {
    assertEquals((await new Response(at("/large")).bytes()).length, large.length);
    const refused = await assertRejects(
      () => new Response(at("/gone")).bytes(),
      DomainError,
      "it answers 410",
    );
    assertEquals(refused.options.type, "url_failed");
    const reader = at("/endless").getReader();
    await reader.read();
    await reader.cancel();
    for (let tries = 0; connections.open > 0 && tries < 100; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assertEquals(connections.open, 0);
  } finally {
    await server.shutdown();
  }
});

Deno.test({
  name: "a server fetches from nowhere unless told, and what is no public address never",
  // The server and its children outlive their tests; the last line ends them.
  sanitizeOps: false,
  sanitizeResources: false,
}, async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "latentd-e2e-url-" });
  const post = async (server: TestServer, url: string) => {
    const response = await server.post("/v1/datasets", { name: "fetched", source: { url } });
    const { detail, type } = await response.json();
    return { status: response.status, detail, type };
  };
  let server = await TestServer.start(dataDir);
  try {
    const off = await post(server, "https://example.org/a.tar");
    assertEquals([off.status, off.detail.includes("IMPORT_URLS is not set")], [403, true]);
    await server.stop();
    // A name that every machine has, and that is this machine.
    server = await TestServer.start(dataDir, { IMPORT_URLS: "localhost.localdomain,no-such-host.invalid" });
    assertEquals((await post(server, "https://example.org/a.tar")).status, 403);
    const unknown = await post(server, "https://no-such-host.invalid/a.tar");
    assertEquals([unknown.status, unknown.type], [422, "/problems/url_failed"]);
    assertEquals([...Deno.readDirSync(`${dataDir}/datasets`)], []);
  } finally {
    await server.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
});
