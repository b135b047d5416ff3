import { assert, assertEquals } from "@std/assert";
import { Admission } from "../../../src/api/admission.ts";
import { listen, type Listening } from "../../../src/api/listen.ts";

const HERE = { hostname: "127.0.0.1", port: 0, headersMs: 10_000 };

/** A server whose answers wait for `go`, except for those that begin at once and go on. */
async function withServer(
  most: number,
  check: (server: Listening, scene: { go(): void; begun(count: number): Promise<void> }) => Promise<void>,
  refused: string[] = [],
): Promise<void> {
  let count = 0;
  const gate = Promise.withResolvers<void>();
  const admission = new Admission(most, (method) => refused.push(method));
  const server = await listen(async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/healthz") return new Response("well");
    if (pathname === "/stream") return new Response(new ReadableStream({ pull: () => gate.promise }));
    count++;
    await gate.promise;
    return new Response(await request.text());
  }, { ...HERE, admission });
  const begun = async (wanted: number) => {
    for (let i = 0; count < wanted; i++) {
      assert(i < 500, `${count} of ${wanted} requests were begun`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  try {
    await check(server, { go: gate.resolve, begun });
  } finally {
    gate.resolve();
    await server.close(1000);
  }
}

Deno.test("past so many that are under way a request is told to come again, and who asks for health is answered", () => {
  const refused: string[] = [];
  return withServer(40, async ({ url }, { go, begun }) => {
    const streams = await Promise.all([1, 2, 3].map(() => fetch(`${url}/stream`))); // begun, so they do not count
    const taken = Array.from(
      { length: 40 },
      (_, i) => fetch(`${url}/${i}`, { method: "POST", body: `${i}` }),
    );
    await begun(40);
    for (const body of ["short", "x".repeat(200_000)]) {
      const response = await fetch(`${url}/more`, { method: "POST", body }),
        { error } = await response.json();
      assertEquals([response.status, error.code, error.type], [429, "server_busy", "rate_limit_error"]);
      assertEquals(response.headers.get("Retry-After"), "1");
      assertEquals(response.headers.get("Content-Type"), "application/problem+json");
      assert(response.headers.get("X-Request-Id"));
    }
    for (const path of ["/healthz", "/healthz?now"]) {
      assertEquals(await (await fetch(url + path)).text(), "well");
    }
    go();
    const answers = await Promise.all(taken.map(async (response) => await (await response).text()));
    assertEquals(answers, Array.from({ length: 40 }, (_, i) => `${i}`));
    assertEquals(await (await fetch(url, { method: "POST", body: "again" })).text(), "again");
    assertEquals(refused, ["POST", "POST"]);
    await Promise.all(streams.map(({ body }) => body!.cancel()));
  }, refused);
});

Deno.test("a connection whose request was refused serves the next one", () =>
  withServer(1, async ({ url }, { go, begun }) => {
    const first = fetch(url, { method: "POST", body: "first" });
    await begun(1);
    const { hostname, port } = new URL(url);
    using connection = await Deno.connect({ hostname, port: Number(port) });
    const buffer = new Uint8Array(10_000);
    const ask = async (body: string) => {
      const head = `POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n`;
      await connection.write(new TextEncoder().encode(head + body));
      const got = await connection.read(buffer);
      return new TextDecoder().decode(buffer.subarray(0, got ?? 0)).split("\r\n")[0];
    };
    assertEquals(await ask("too many"), "HTTP/1.1 429 Too Many Requests");
    assertEquals(await ask("still"), "HTTP/1.1 429 Too Many Requests");
    go();
    assertEquals(await (await first).text(), "first");
    assertEquals(await ask("now"), "HTTP/1.1 200 OK");
  }));

Deno.test("requests that come at once are begun a few a turn, each once, and none is lost", () =>
  withServer(1000, async ({ url }, { go, begun }) => {
    const all = Array.from({ length: 200 }, (_, i) => fetch(url, { method: "POST", body: `${i}` }));
    await begun(200);
    go();
    const answers = await Promise.all(all.map(async (response) => await (await response).text()));
    assertEquals(answers, Array.from({ length: 200 }, (_, i) => `${i}`));
  }));
