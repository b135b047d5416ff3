import http from "node:http";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { DomainError } from "../../../src/domain/errors.ts";
import { download, type DownloadLimits } from "../../../src/workers/download.ts";

const LIMITS: DownloadLimits = { bytes: 1000, connectMs: 2000, idleMs: 500, wholeMs: 5000 };
const request = http.request as unknown as Parameters<typeof download>[3];

/** A server on this machine that answers as the path says, and what was asked of it. */
async function withServer(
  answer: (path: string) => Response | Promise<Response>,
  use: (url: (path: string) => URL, asked: string[]) => Promise<void>,
): Promise<void> {
  const asked: string[] = [];
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: () => {},
    onError: () => new Response(),
  }, (r) => {
    const { pathname } = new URL(r.url);
    asked.push(pathname);
    return answer(pathname);
  });
  try {
    await use((path) => new URL(`http://localhost:${server.addr.port}${path}`), asked);
  } finally {
    await server.shutdown();
  }
}
const all = async (url: URL, limits = LIMITS, accepts: (address: string) => boolean = () => true) => {
  const chunks = await Array.fromAsync(download(url, limits, accepts, request));
  return new Blob(chunks as Uint8Array<ArrayBuffer>[]).size;
};
const refusal = async (...args: Parameters<typeof all>) => {
  const { code, options, message } = await assertRejects(() => all(...args), DomainError) as DomainError;
  return { code, type: options.type, message };
};
/** A body that goes on for ever. */
const endless = (every = 0) =>
  new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (every > 0) await new Promise((resolve) => setTimeout(resolve, every));
      controller.enqueue(new Uint8Array(100));
    },
  });

Deno.test("download() gives what is there", () =>
  withServer(
    () => new Response(new Uint8Array(1000)),
    async (url) => assertEquals(await all(url("/")), 1000),
  ));

Deno.test("download() asks nothing of an address that is not for everyone, whatever its name", () =>
  withServer(() => new Response("secret"), async (url, asked) => {
    const refused = await assertRejects(
      () => Array.fromAsync(download(url("/"), LIMITS, undefined, request)),
      DomainError,
    ) as DomainError;
    assertEquals([refused.code, refused.options.type, asked], ["forbidden", "url_address", []]);
  }));

Deno.test("download() connects to the address that was checked, not to what the name is a moment later", () =>
  withServer(() => new Response("x"), async (url) => {
    const checked: string[] = [];
    await all(url("/"), LIMITS, (address) => (checked.push(address), true));
    assert(checked.includes("127.0.0.1"), String(checked));
  }));

Deno.test("download() follows no redirect and takes no error's page", () =>
  withServer(
    (path) =>
      path === "/there" ? Response.redirect("http://127.0.0.1/", 302) : new Response("no", { status: 404 }),
    async (url, asked) => {
      assertEquals(
        (await refusal(url("/there"))).message,
        "Cannot fetch the URL: it answers 302, and redirects are not followed",
      );
      assertEquals((await refusal(url("/gone"))).message, "Cannot fetch the URL: it answers 404");
      assertEquals(asked, ["/there", "/gone"]);
    },
  ));

Deno.test("download() ends a body without end, and one that is told to be too large at once", () =>
  withServer(
    (path) => path === "/endless" ? new Response(endless()) : new Response(new Uint8Array(2000)),
    async (url) => {
      assertEquals((await refusal(url("/endless"))).code, "too_large");
      assertEquals((await refusal(url("/large"))).code, "too_large");
    },
  ));

Deno.test("download() gives up what stands still, what drips for too long, and what breaks off", () =>
  withServer(
    (path) =>
      path === "/still"
        ? new Response(endless(5000))
        : path === "/drips"
        ? new Response(endless(100))
        : new Response(
          new ReadableStream({
            start(controller) {
              controller.enqueue(new Uint8Array(10));
              setTimeout(() => controller.error(new Error("the disk is gone")), 50);
            },
          }),
        ),
    async (url) => {
      assert((await refusal(url("/still"))).message.includes("nothing has come for 0.5 s"));
      const drips = await refusal(url("/drips"), { ...LIMITS, bytes: 1e6, wholeMs: 1000 });
      assert(drips.message.includes("it takes too long"), drips.message);
      assert((await refusal(url("/breaks"))).message.includes("it broke off"));
    },
  ));

Deno.test("download() says that a name is not known, and that nobody answers", async () => {
  const unknown = await refusal(new URL("http://no-such-host.invalid/"));
  assertEquals(unknown.message, "Cannot fetch the URL: no-such-host.invalid is not known");
  assertEquals((await refusal(new URL("http://localhost:1/"))).code, "invalid");
});
