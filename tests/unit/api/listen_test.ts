import { assert, assertEquals } from "@std/assert";
import { listen, type Listening } from "../../../src/api/listen.ts";

const HERE = { hostname: "127.0.0.1", port: 0, headersMs: 10_000 };
const GET = new TextEncoder().encode("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");

async function connect({ url }: Listening): Promise<Deno.Conn> {
  const { hostname, port } = new URL(url), connection = await Deno.connect({ hostname, port: Number(port) });
  return connection;
}
/** The first line of what comes; undefined if the connection ends without. */
async function firstLine(connection: Deno.Conn): Promise<string | undefined> {
  const buffer = new Uint8Array(10_000), got = await connection.read(buffer).catch(() => null);
  return got === null ? undefined : new TextDecoder().decode(buffer.subarray(0, got)).split("\r\n")[0];
}
async function ask(connection: Deno.Conn): Promise<string | undefined> {
  await connection.write(GET).catch(() => {});
  return await firstLine(connection);
}

Deno.test("listen() closes connections beyond its cap, and takes new ones once others have gone", async () => {
  const server = await listen(() => new Response("here"), { ...HERE, maxConnections: 3 });
  const taken: Deno.Conn[] = [];
  for (let i = 0; i < 3; i++) {
    taken.push(await connect(server));
    assertEquals(await ask(taken[i]), "HTTP/1.1 200 OK");
  }
  const beyond = await connect(server);
  assertEquals(await ask(beyond), undefined);
  for (const one of [beyond, taken[0]]) one.close();
  let answer: string | undefined;
  for (let i = 0; i < 100 && !answer; i++) { // it is told of the one that went in its own time
    using next = await connect(server);
    answer = await ask(next);
    if (!answer) await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assertEquals(answer, "HTTP/1.1 200 OK");
  for (const one of taken.slice(1)) one.close();
  await server.close(5000);
});

Deno.test("listen() ends without waiting for connections that are kept for later", async () => {
  const server = await listen(() => new Response("here"), HERE), kept = await connect(server);
  assertEquals(await ask(kept), "HTTP/1.1 200 OK");
  const silent = await connect(server), start = performance.now();
  await server.close(8000);
  assert(performance.now() - start < 5000, "it waited");
  assertEquals([await firstLine(kept), await firstLine(silent)], [undefined, undefined]);
  for (const one of [kept, silent]) one.close();
});

Deno.test("listen() ends what is under way whole, and takes nothing after it", async () => {
  const asked = Promise.withResolvers<void>(), go = Promise.withResolvers<void>(), SIZE = 20e6;
  let count = 0;
  const server = await listen(async () => {
    if (++count === 3) asked.resolve();
    await go.promise;
    return new Response(new Uint8Array(SIZE));
  }, HERE);
  const answers = [1, 2, 3].map(() => fetch(server.url));
  await asked.promise;
  const closed = server.close(10_000);
  setTimeout(go.resolve, 200);
  for (const answer of answers) assertEquals((await (await answer).bytes()).length, SIZE);
  await closed;
  assertEquals(await fetch(server.url).then(() => "taken", () => "refused"), "refused");
});

Deno.test("listen() answers a fault of its callback's with a bare problem", async () => {
  const { error } = console, logged: unknown[][] = [];
  console.error = (...line) => void logged.push(line);
  const server = await listen(() => Promise.reject(new TypeError("/secret/path")), HERE);
  try {
    const answer = await fetch(server.url), { detail } = await answer.json();
    assertEquals([answer.status, answer.headers.get("Content-Type")], [500, "application/problem+json"]);
    assert(!detail.includes("secret"));
    assertEquals(logged.length, 1);
  } finally {
    console.error = error;
    await server.close(1000);
  }
});
