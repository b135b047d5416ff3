import { assertEquals } from "@std/assert";
import { noiseTar } from "./noise.ts";
import { TestServer } from "./server.ts";

/** More than a server would take at once if it counted those that are gone. */
const CLIENTS = 40;

Deno.test({
  name: "clients that vanish half-way through an upload leave nothing, and the next one is served",
  // The server and its children outlive their steps; the last line ends them.
  sanitizeOps: false,
  sanitizeResources: false,
}, async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "latentd-e2e-vanished-" });
  const tar = await noiseTar(8, 64), half = tar.subarray(0, tar.length >> 1);
  const server = await TestServer.start(dataDir), datasets = `${dataDir}/datasets`;
  const { hostname, port } = new URL(server.url);
  const listed = () => [...Deno.readDirSync(datasets)].map(({ name }) => name);
  /** A client that has said what it would send, and has sent half of it. */
  async function begin(framing: "length" | "chunks"): Promise<Deno.Conn> {
    const connection = await Deno.connect({ hostname, port: Number(port) });
    const length = framing === "length" ? `Content-Length: ${tar.length}` : "Transfer-Encoding: chunked";
    const head =
      `POST /v1/datasets?name=gone HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-tar\r\n${length}`;
    const size = framing === "length" ? "" : `${half.length.toString(16)}\r\n`;
    for (const part of [new TextEncoder().encode(`${head}\r\n\r\n${size}`), half]) {
      for (let at = 0; at < part.length;) at += await connection.write(part.subarray(at));
    }
    return connection;
  }
  try {
    const clients = await Promise.all(
      Array.from({ length: CLIENTS }, (_, i) => begin(i % 2 ? "length" : "chunks")),
    );
    await server.until(() => Promise.resolve(listed().length), (count) => count === CLIENTS);
    for (const client of clients) client.close();
    await server.until(() => Promise.resolve(listed()), (names) => names.length === 0);
    assertEquals((await server.json("/v1/datasets")).data, []);
    assertEquals(await server.statusOf("/healthz"), 200);

    const { id } = await server.json("/v1/datasets?name=next", {
      ...{ method: "POST", headers: { "Content-Type": "application/x-tar" }, body: tar },
    });
    const { status, counts } = await server.until(
      () => server.json(`/v1/datasets/${id}`),
      ({ status }) => status !== "ingesting",
    );
    assertEquals([status, (counts as { images: number }).images], ["ready", 8]);
    assertEquals(listed(), [id]);
  } finally {
    await server.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
});
