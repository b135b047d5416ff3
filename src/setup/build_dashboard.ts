/**
 * The task `dashboard`: bundles src/dashboard for browsers into its `dist/`, under names that change with the content. What is
 * there already and younger than its sources is left. With `--try` what cannot be built is said, and is no failure.
 */
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { basename, fromFileUrl, join, relative } from "@std/path";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));
const DASHBOARD = join(ROOT, "src/dashboard");
export const DIST = join(DASHBOARD, "dist");
/** What its bundle is made of besides its own folder. */
const OTHER_SOURCES = ["src/client", "src/setup/build_dashboard.ts", "deno.json", "deno.lock"];
/** Which styles come first, since later ones override them; screens' own follow in the order of their paths. */
const STYLES = ["tokens", "base", "parts", "controls", "shell"].map((name) => `styles/${name}.css`);
const MEDIA_TYPES: Record<string, string> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
};

/** What the server reads: src/server/dashboard_files.ts. */
export interface Manifest {
  /** Of all that it was made of. */
  sources: string;
  page: { html: string; hash: string };
  /** Media types, by name. */
  assets: Record<string, string>;
}

/**
 * Builds the dashboard, unless it is there as its sources are.
 *
 * @returns Whether it was built.
 * @throws {Error} If it cannot be bundled, with what the bundler said.
 */
export async function ensureDashboard(log: (line: string) => void = () => {}): Promise<boolean> {
  const sources = await hashSources();
  if (await builtOf() === sources) return false;
  log("building the dashboard …");
  const work = await Deno.makeTempDir({ dir: DASHBOARD, prefix: "dist-" });
  try {
    const manifest = { sources, ...await build(work) };
    await Deno.writeTextFile(join(work, "manifest.json"), JSON.stringify(manifest, null, 2));
    // Old files stay until the new ones are all there; the manifest is read as the server's last word.
    await Deno.mkdir(DIST, { recursive: true });
    const before = (await Array.fromAsync(Deno.readDir(DIST))).map(({ name }) => name);
    const made = (await Array.fromAsync(Deno.readDir(work))).map(({ name }) => name).toSorted((a, b) =>
      Number(a === "manifest.json") - Number(b === "manifest.json")
    );
    for (const name of made) await Deno.rename(join(work, name), join(DIST, name));
    for (const name of before) {
      if (!made.includes(name)) await Deno.remove(join(DIST, name), { recursive: true });
    }
  } finally {
    await Deno.remove(work, { recursive: true });
  }
  return true;
}

async function builtOf(): Promise<string | undefined> {
  try {
    return (JSON.parse(await Deno.readTextFile(join(DIST, "manifest.json"))) as Manifest).sources;
  } catch {
    return undefined; // there is none, or none that was finished
  }
}

/** Paths of all files under a folder, or of the one file, in one order. */
function filesOf(path: string): string[] {
  if (Deno.statSync(path).isFile) return [path];
  return [...Deno.readDirSync(path)].flatMap(({ name }) =>
    path === DASHBOARD && /^dist(-|$)/.test(name) ? [] : filesOf(join(path, name))
  ).sort();
}

async function hashSources(): Promise<string> {
  const hash = createHash("sha256").update(Deno.version.deno);
  for (const path of [DASHBOARD, ...OTHER_SOURCES.map((path) => join(ROOT, path))].flatMap(filesOf)) {
    const bytes = await Deno.readFile(path);
    hash.update(`${relative(ROOT, path)} ${bytes.length}\n`).update(bytes);
  }
  return hash.digest("hex");
}

async function build(work: string): Promise<Pick<Manifest, "page" | "assets">> {
  const files = filesOf(DASHBOARD), assets: Manifest["assets"] = {};
  const workers = files.filter((path) => path.endsWith("_worker.ts"));
  // A worker is whole by itself: what it shared with others it would look for beside its source's folder.
  const bundled = new Map(await bundle(["main.tsx"], work, ["--code-splitting"]));
  const scripts = workers.length > 0
    ? await bundle(workers.map((path) => relative(DASHBOARD, path)), work)
    : [];
  for (const [path, bytes] of scripts) bundled.set(path, bytes);
  const keep = async (stem: string, ending: string, bytes: Uint8Array<ArrayBuffer>): Promise<string> => {
    const name = `${stem}-${createHash("sha256").update(bytes).digest("hex").slice(0, 10)}${ending}`;
    await write(name, bytes);
    return name;
  };
  const write = async (name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> => {
    await Deno.writeFile(join(work, name), bytes);
    await Deno.writeFile(join(work, `${name}.gz`), gzipSync(bytes, { level: 9 }));
    assets[name] = MEDIA_TYPES[name.slice(name.lastIndexOf("."))];
  };
  // Chunks have a hash in their names already, by which they import each other; nothing imports an entry.
  const entries = new Map<string, string>();
  for (const [path, bytes] of bundled) {
    const stem = basename(path, ".js");
    if (/-[A-Z0-9]{8}$/.test(stem)) await write(basename(path), bytes);
    else entries.set(stem, await keep(stem, ".js", bytes));
  }
  const rank = (path: string) => (STYLES.indexOf(relative(DASHBOARD, path)) + 1) || STYLES.length + 1;
  const sheets = files.filter((path) => path.endsWith(".css")).toSorted((a, b) => rank(a) - rank(b));
  const css = sheets.map((path) => Deno.readTextFileSync(path).replaceAll(/\/\*[^]*?\*\//g, "")).join("\n");
  const style = await keep("style", ".css", new TextEncoder().encode(css));
  const html = pageOf(style, entries);
  const hash = createHash("sha256").update(html).digest("hex").slice(0, 32);
  return { page: { html, hash }, assets };
}

/** Runs Deno's bundler. @returns What it made, by path. */
async function bundle(
  entries: string[],
  work: string,
  more: string[] = [],
): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const out = join(work, "bundle");
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["bundle", "--quiet", "--frozen", "--platform=browser", "--minify", ...more],
      ...[`--outdir=${out}`, ...entries.map((entry) => join(DASHBOARD, entry))],
    ],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdout: "null",
  }).output();
  if (!success) throw new Error(`Cannot bundle the dashboard: ${new TextDecoder().decode(stderr).trim()}`);
  const made = filesOf(out).map((path) => [path, Deno.readFileSync(path)] as const);
  await Deno.remove(out, { recursive: true });
  return new Map(made);
}

/** The page: what it loads by names, and nothing inline. A worker's script is found by `<meta name="worker:…">`. */
function pageOf(style: string, entries: Map<string, string>): string {
  const workers = [...entries].filter(([stem]) => stem !== "main").map(([stem, name]) =>
    `<meta name="worker:${stem}" content="/assets/${name}">\n`
  );
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>latentd</title>
<link rel="icon" href="data:image/svg+xml,${ICON}">
<link rel="stylesheet" href="/assets/${style}">
${workers.join("")}<script type="module" src="/assets/${entries.get("main")}"></script>
<div id="app"></div>
<noscript>The dashboard is a program for your browser, which has JavaScript switched off. <a href="/docs">The API's
documentation</a> needs none.</noscript>
</html>
`;
}

/** Two views that share a centre: an image's two augmentations, drawn to each other. */
const ICON = encodeURIComponent(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><rect width="24" height="24" rx="6" fill="#4353d4"/>` +
    `<g fill="none" stroke="#fff" stroke-width="2"><circle cx="9.5" cy="12" r="4.6"/><circle cx="14.5" cy="12" r="4.6"/></g></svg>`,
);

if (import.meta.main) {
  try {
    const built = await ensureDashboard((line) => console.log(line));
    if (built) console.log("the dashboard is built");
    else if (!Deno.args.includes("--try")) console.log("the dashboard is built already");
  } catch (error) {
    console.error((error as Error).message);
    if (!Deno.args.includes("--try")) Deno.exit(1);
    console.error("the server starts without it; later: deno task dashboard");
  }
}
