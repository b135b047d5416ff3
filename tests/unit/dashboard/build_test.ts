import { assert, assertEquals } from "@std/assert";
import { gunzipSync } from "node:zlib";
import { DIST, ensureDashboard, type Manifest } from "../../../src/setup/build_dashboard.ts";

/** What the page and its screens may weigh before the map is opened, in bytes of gzip. */
const BUDGET = 300 * 1024;

const manifest = async (): Promise<Manifest> => {
  await ensureDashboard();
  return JSON.parse(await Deno.readTextFile(`${DIST}/manifest.json`));
};
const read = (name: string): string => Deno.readTextFileSync(`${DIST}/${name}`);
/** The scripts that one loads by itself: not those that it asks for later. */
const importsOf = (name: string): string[] =>
  [...read(name).matchAll(/(?:from|\bimport)\s*"\.\/([^"]+)"/g)].map(([, imported]) => imported);

Deno.test("ensureDashboard() leaves what is up to date, and lists every file with its twin", async () => {
  const { assets } = await manifest();
  assertEquals(await ensureDashboard(() => assert(false, "it was built again")), false);
  const names = Object.keys(assets);
  assert(names.length > 10, `only ${names} were built: is this test looking at them?`);
  const there = [...Deno.readDirSync(DIST)].map(({ name }) => name).filter((name) =>
    name !== "manifest.json"
  );
  assertEquals(there.sort(), names.flatMap((name) => [name, `${name}.gz`]).sort());
  for (const name of names) {
    assert(/^[\w.-]+-[0-9A-Za-z]{8,10}\.(js|css)$/.test(name), `${name} does not say what is in it`);
    const bytes = Deno.readFileSync(`${DIST}/${name}`);
    assertEquals(gunzipSync(Deno.readFileSync(`${DIST}/${name}.gz`)).length, bytes.length, name);
  }
});

Deno.test("the page has nothing inline, and names only what was built", async () => {
  const { page: { html }, assets } = await manifest();
  assertEquals(html.match(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=/gi), null);
  const named = [...html.matchAll(/"\/assets\/([^"]+)"/g)].map(([, name]) => name);
  assert(named.length >= 2, html);
  assertEquals(named.filter((name) => !(name in assets)), []);
  assertEquals(html.match(/https?:/g), null, "it is to work without a network");
  const scripts = Object.keys(assets).filter((name) => name.endsWith(".js"));
  assertEquals(scripts.flatMap(importsOf).filter((name) => !(name in assets)), []);
  assertEquals(
    scripts.filter((name) => /(?:from|\bimport)\s*"\.\.\//.test(read(name))),
    [],
    "all lie in one folder",
  );
});

Deno.test("all that is loaded before the map is opened is small", async () => {
  const { assets, page } = await manifest();
  const first = Object.keys(assets).filter((name) =>
    name.endsWith(".css") || page.html.includes(`src="/assets/${name}"`) ||
    (/_screen-/.test(name) && !name.startsWith("map_"))
  );
  const loaded = new Set<string>();
  for (const queue = [...first]; queue.length > 0;) {
    const name = queue.pop()!;
    if (loaded.has(name)) continue;
    loaded.add(name);
    if (name.endsWith(".js")) queue.push(...importsOf(name));
  }
  const sizes = [...loaded].map((name) => [name, Deno.statSync(`${DIST}/${name}.gz`).size] as const);
  const total = sizes.reduce((sum, [, size]) => sum + size, 0);
  assert(total > 20_000, `only ${total} bytes: is this test looking at them?`);
  assert(
    total <= BUDGET,
    `${total} bytes, the largest: ${sizes.toSorted((a, b) => b[1] - a[1]).slice(0, 5)}`,
  );
});

Deno.test("the dashboard reaches the network by relative addresses alone, and makes no code of text", async () => {
  const { assets } = await manifest();
  for (const name of Object.keys(assets)) {
    const text = read(name);
    const hosts = [...text.matchAll(/(?:fetch|import|url)\(\s*["'`]?(https?:[^"'`)]+)/g)].map(([, url]) =>
      url
    );
    assertEquals(hosts, [], name);
    assertEquals(text.match(/\beval\(|new Function\(/g), null, name);
  }
});
