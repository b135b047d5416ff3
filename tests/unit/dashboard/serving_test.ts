import { assert, assertEquals } from "@std/assert";
import { gunzipSync } from "node:zlib";
import { createApp } from "../../../src/api/app.ts";
import { acceptsGzip } from "../../../src/api/dashboard.ts";
import type { ApiDeps } from "../../../src/api/deps.ts";
import { dashboardFiles } from "../../../src/server/dashboard_files.ts";
import { DIST, ensureDashboard } from "../../../src/setup/build_dashboard.ts";

const keys = { find: () => undefined };
/** The app of a server that has keys, and shows what is in `directory`. */
const serving = (directory: string) =>
  createApp({ limits: {}, keys, dashboard: dashboardFiles(directory) } as unknown as ApiDeps);

Deno.test("/ is the page, without a key, with a policy that lets it do what it must, and is asked for anew", async () => {
  await ensureDashboard();
  const app = serving(DIST), page = await app.request("/");
  assertEquals([page.status, page.headers.get("Content-Type")], [200, "text/html; charset=UTF-8"]);
  assertEquals(page.headers.get("Cache-Control"), "no-cache");
  assertEquals(
    page.headers.get("Content-Security-Policy")!.split("; "),
    [
      ...["default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' blob: data:"],
      ...["connect-src 'self'", "worker-src 'self'", "font-src 'self'"],
      ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
    ],
  );
  const etag = page.headers.get("ETag")!, html = await page.text();
  const again = await app.request("/", { headers: { "If-None-Match": etag } });
  assertEquals([again.status, await again.text()], [304, ""]);
  assertEquals((await app.request("/", { headers: { "If-None-Match": '"other"' } })).status, 200);
  for (const [, name] of html.matchAll(/"\/assets\/([^"]+)"/g)) {
    const asset = await app.request(`/assets/${name}`);
    await asset.body?.cancel();
    assertEquals(asset.status, 200, name);
  }
  assertEquals((await app.request("/v1/key")).status, 401); // what it shows is not for everybody
});

Deno.test("an asset is kept for ever, of its type, and packed for whom takes that", async () => {
  const { assets } = (await ensureDashboard(), JSON.parse(await Deno.readTextFile(`${DIST}/manifest.json`)));
  const app = serving(DIST);
  for (const [name, type] of Object.entries<string>(assets)) {
    const plain = await app.request(`/assets/${name}`);
    assertEquals(plain.headers.get("Content-Type"), type);
    assertEquals(plain.headers.get("Cache-Control"), "public, max-age=31536000, immutable");
    assertEquals([plain.headers.get("Vary"), plain.headers.get("Content-Encoding")], [
      "Accept-Encoding",
      null,
    ]);
    const bytes = await plain.bytes();
    const packed = await app.request(`/assets/${name}`, { headers: { "Accept-Encoding": "br, gzip" } });
    assertEquals(packed.headers.get("Content-Encoding"), "gzip");
    assertEquals(new Uint8Array(gunzipSync(await packed.bytes())), bytes, name);
  }
});

Deno.test("a name that was not built is none, whatever file it may lead to", async () => {
  await ensureDashboard();
  const app = serving(DIST);
  const names = [
    "none.js",
    "manifest.json",
    "main.js",
    "..%2F..%2Fmain.tsx",
    "%2Fetc%2Fpasswd",
    "__proto__",
    "toString",
  ];
  for (const name of names) {
    const answer = await app.request(`/assets/${name}`);
    assertEquals(answer.status, 404, name);
    assertEquals(answer.headers.get("Content-Type"), "application/problem+json");
    await answer.body?.cancel();
  }
  assertEquals((await app.request("/assets/a/b.js")).status, 401); // no route at all: a stranger learns nothing
});

Deno.test("what is not built is said on /, with what to run, and shown without a restart once it is", async () => {
  const directory = await Deno.makeTempDir(), app = serving(directory);
  const missing = await app.request("/");
  assertEquals(missing.status, 503);
  assert((await missing.text()).includes("deno task dashboard"));
  const built = async (html: string) => {
    await Deno.writeTextFile(`${directory}/a-1.js`, html);
    await Deno.writeTextFile(`${directory}/a-1.js.gz`, "");
    const manifest = { page: { html, hash: html }, assets: { "a-1.js": "text/javascript" } };
    await Deno.writeTextFile(`${directory}/manifest.json`, JSON.stringify(manifest));
  };
  await built("first");
  assertEquals(await (await app.request("/")).text(), "first");
  assertEquals(await (await app.request("/assets/a-1.js")).text(), "first");
  await built("second");
  await Deno.utime(`${directory}/manifest.json`, new Date(), new Date(2030, 0));
  assertEquals(await (await app.request("/")).text(), "second");
  assertEquals(await (await app.request("/assets/a-1.js")).text(), "second");
  await Deno.remove(directory, { recursive: true });
});

Deno.test("acceptsGzip() reads what a client takes", () => {
  for (const header of ["gzip", "br, GZIP;q=0.5", "*", "deflate, *;q=0.1"]) {
    assert(acceptsGzip(header), header);
  }
  for (const header of ["", "br", "gzip;q=0", "*;q=0", "gzip;q=0.0, *"]) assert(!acceptsGzip(header), header);
});
