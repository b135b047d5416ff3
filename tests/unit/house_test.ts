import { assert, assertEquals } from "@std/assert";
import { basename, dirname, fromFileUrl, join, relative } from "@std/path";
import { CONFIG_KEYS } from "../../src/config.ts";
import { kernelBindings } from "../../src/gpu/kernel_bindings.ts";

/** What src/ARCHITECTURE.md says in words: each room, and the rooms it may import. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  domain: [],
  files: [],
  log: ["domain"],
  gpu: ["log", "domain"],
  nn: ["gpu", "domain"],
  optim: ["gpu"],
  data: ["log", "files", "domain"],
  checkpoint: ["files", "domain"],
  export: ["checkpoint", "nn", "data", "domain"],
  results: ["files", "domain"],
  import: ["checkpoint", "nn", "data", "files", "domain"],
  backup: ["log", "files", "domain"],
  training: ["optim", "gpu", "data", "domain"],
  byol: ["training", "nn", "optim", "gpu", "data", "domain"],
  supervised: ["training", "nn", "optim", "gpu", "data", "domain"],
  inference: ["nn", "gpu", "data", "domain"],
  evaluation: ["nn", "gpu", "domain"],
  ipc: ["log", "domain"],
  supervisor: ["log", "ipc", "domain", "setup"],
  workers: [
    ...["log", "training", "byol", "supervised", "inference", "evaluation", "data", "checkpoint"],
    ...["results", "gpu", "ipc", "domain"],
  ],
  jobs: ["log", "domain"],
  store: ["domain"],
  api: ["log", "domain"],
  keys: ["files", "domain"],
  metrics: ["domain"],
  setup: [],
  client: [],
  dashboard: ["client"], // and nothing imports it: it could be deleted without a type error elsewhere
  demo: ["client", "setup"],
  doctor: ["inference", "nn", "gpu", "store", "config", "domain", "setup"],
  config: ["log", "domain"],
  server: [
    "api",
    "backup",
    "checkpoint",
    "config",
    "data",
    "doctor",
    "domain",
    "export",
    "files",
    "import",
    "jobs",
    "keys",
    "log",
    "metrics",
    "results",
    "store",
    "supervisor",
  ],
  main: ["config", "log", "server", "workers"],
};
/** The isolate that answers HTTP never touches a GPU, so nothing it loads may come from these rooms. */
const GPU_ROOMS = [
  "gpu",
  "nn",
  "optim",
  "training",
  "byol",
  "supervised",
  "inference",
  "evaluation",
  "workers",
];
/** Made of the document, and held against it by a test of its own. */
const GENERATED = ["src/client/openapi_types.ts"];
const MAX_LINES = { source: 300, kernel: 200, readme: 150, architecture: 150 };

const ROOT = fromFileUrl(new URL("../../", import.meta.url));

function* filesUnder(folder: string, ending: string): Generator<string> {
  for (const entry of Deno.readDirSync(join(ROOT, folder))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory) yield* filesUnder(path, ending);
    else if (entry.name.endsWith(ending)) yield path;
  }
}
const sources = [...filesUnder("src", ".ts"), ...filesUnder("src", ".tsx"), "main.ts"];
const shaders = [...filesUnder("kernels", ".wgsl")];
const kernels = shaders.filter((path) => !path.startsWith("kernels/lib/"));
const fragments = shaders.filter((path) => path.startsWith("kernels/lib/"));
const read = (path: string): string => Deno.readTextFileSync(join(ROOT, path));
const lineCount = (path: string): number => read(path).trimEnd().split("\n").length;

interface Import {
  path: string;
  /** Loaded only when asked for, not with the file. */
  dynamic: boolean;
}
/** The project's own files that a source names in an import. */
function importsOf(path: string): Import[] {
  const text = read(path), found: Import[] = [];
  const add = (specifier: string, dynamic: boolean) =>
    found.push({ path: relative(ROOT, join(ROOT, dirname(path), specifier)), dynamic });
  for (const [, specifier] of text.matchAll(/(?:from|^import) "(\.[^"]+)"/gm)) add(specifier, false);
  for (const [, specifier] of text.matchAll(/import\("(\.[^"]+)"\)/g)) add(specifier, true);
  return found;
}
const importersOf = (wanted: string): string[] =>
  sources.filter((path) => importsOf(path).some(({ path: to }) => to === wanted));
/** `src/nn/add.ts` → nn; `src/config.ts` → config; `main.ts` → main. */
const roomOf = (path: string): string =>
  (path.startsWith("src/") ? path.slice(4) : path).split("/")[0].replace(/\.ts$/, "");

Deno.test("rooms import only in the permitted direction", () => {
  const wrong: string[] = [];
  for (const path of sources) {
    const from = roomOf(path);
    assert(MAY_IMPORT[from], `${path} is in no room that ARCHITECTURE.md knows`);
    for (const { path: to } of importsOf(path)) {
      if (to === "deno.json") continue; // the version stands there
      if (to.startsWith("kernels/")) {
        if (!["nn", "optim", "training", "byol", "inference"].includes(from)) wrong.push(`${path} -> ${to}`);
        continue;
      }
      const room = roomOf(to);
      if (room !== from && !MAY_IMPORT[from].includes(room)) wrong.push(`${path} -> ${to}`);
    }
  }
  assertEquals(wrong, []);
});

Deno.test("no file imports itself through others", () => {
  const cycles: string[] = [], done = new Set<string>();
  const visit = (path: string, trail: string[]): void => {
    if (trail.includes(path)) {
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(" -> "));
      return;
    }
    if (done.has(path)) return;
    for (const { path: next } of importsOf(path)) if (/\.tsx?$/.test(next)) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of sources) visit(path, []);
  assertEquals(cycles, []);
});

Deno.test("what the HTTP isolate loads never comes from a GPU room", () => {
  const seen = new Set<string>(), queue = ["main.ts", "src/server/serve.ts"];
  for (let path = queue.pop(); path; path = queue.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    for (const { path: next, dynamic } of importsOf(path)) {
      if (!dynamic && next.endsWith(".ts")) queue.push(next);
    }
  }
  assert(seen.size > 20, `only ${seen.size} files are reached from there: is this test looking at it?`);
  assertEquals([...seen].filter((path) => GPU_ROOMS.includes(roomOf(path))), []);
  const architecture = "src/nn/resnet_architecture.ts"; // what a thread of its process may know: it computes nothing
  assertEquals(importsOf(architecture), []);
  const threads = ["src/export", "src/import"].flatMap((room) => [...filesUnder(room, ".ts")]);
  const known = threads.flatMap(importsOf).map(({ path }) => path);
  assertEquals(known.filter((path) => GPU_ROOMS.includes(roomOf(path)) && path !== architecture), []);
});

Deno.test("every kernel is imported by exactly one source", () => {
  assertEquals(kernels.map((path) => [path, importersOf(path)]).filter(([, by]) => by.length !== 1), []);
});

Deno.test("a fragment is used, says what it needs, and leaves bindings and what is specialised to kernels", () => {
  assert(fragments.length > 0, "kernels/lib has no files: is this test looking at it?");
  assertEquals(fragments.filter((path) => importersOf(path).length === 0), []);
  const header = (path: string) => new RegExp(`^// ${basename(path, ".wgsl")}: (.*\n//)+ needs {7}\\S`);
  assertEquals(fragments.filter((path) => !header(path).test(read(path))), []);
  const kernelsOwn =
    /@(group|binding|compute)\b|^(override|enable|alias (Elems?|Floats))\b|\bvar<(storage|uniform)/m;
  assertEquals(fragments.filter((path) => kernelsOwn.test(read(path).replaceAll(/\/\/.*/g, ""))), []);
});

Deno.test("a kernel's header names the fragments that its owner appends to it", () => {
  const wrong: string[] = [];
  for (const kernel of kernels) {
    const named = read(kernel).match(/^\/\/ lib {9}(.+)$/m)?.[1].split(", ") ?? [];
    const imported = importersOf(kernel).flatMap(importsOf).map(({ path }) => path);
    const missing = named.filter((name) => !imported.includes(`kernels/lib/${name}`));
    if (missing.length > 0) wrong.push(`${kernel}: ${missing}`);
  }
  assertEquals(wrong, []);
});

Deno.test("every source that owns a kernel has an oracle test", () => {
  const owners = sources.filter((path) => importsOf(path).some(({ path: to }) => to.startsWith("kernels/")));
  const tests = new Set([...filesUnder("tests/oracle", "_test.ts")].map((path) => basename(path)));
  assertEquals(owners.filter((path) => !tests.has(basename(path).replace(/\.ts$/, "_test.ts"))), []);
});

Deno.test("kernel source stands in kernels/, not in TypeScript strings", () => {
  assertEquals(sources.filter((path) => /@compute|@workgroup_size/.test(read(path))), []);
});

Deno.test("every submission goes through gpu/submit.ts, which collects what it leaves behind", () => {
  assertEquals(sources.filter((path) => /queue\.submit\(/.test(read(path))), ["src/gpu/submit.ts"]);
});

Deno.test("durations come from the monotonic clock, which no clock's jump changes", () => {
  // An instant that outlives the process, such as an expiry, is the other clock's: a file's age is told by it too.
  const measured = /Date\.now\(\)\s*-|-\s*Date\.now\(\)|(let|const) \w+ = Date\.now\(\)|getTime\(\)\s*-/;
  const using = sources.filter((path) => measured.test(read(path)));
  assertEquals(using, ["src/data/upload_store.ts"]);
});

Deno.test("no kernel's results hang on atomics: two runs on one device agree bit for bit", () => {
  // top_k hands out places by an integer atomic, and sorts what stands there by a total order.
  const using = shaders.filter((path) => /\batomic/.test(read(path).replaceAll(/\/\/.*/g, "")));
  assertEquals(using, ["kernels/top_k.wgsl"]);
});

Deno.test("no kernel binds more storage buffers than every WebGPU device allows", () => {
  const DEFAULT_LIMIT = 8; // maxStorageBuffersPerShaderStage
  const storage = (path: string) =>
    kernelBindings(read(path)).filter((access) => access !== "uniform").length;
  assertEquals(kernels.filter((path) => storage(path) < 1 || storage(path) > DEFAULT_LIMIT), []);
});

Deno.test("files are named after their subject, in snake_case, and there are no barrels", () => {
  const forbidden = /^(utils?|helpers?|types|common|misc|index|mod)\./;
  const named = [...sources, ...shaders].map((path) => [path, basename(path)]);
  assertEquals(named.filter(([, name]) => forbidden.test(name) || !/^[a-z0-9_]+\.[a-z]+$/.test(name)), []);
  assertEquals(sources.filter((path) => /^export \* from/m.test(read(path))), []);
});

Deno.test("what the server and its children say goes through log/, which knows of keys and of formats", () => {
  // Programs for a person at a terminal write there themselves.
  const own = [
    ...sources.filter((path) => /^src\/(demo|doctor|setup)\//.test(path)),
    "src/keys/command.ts",
    "src/backup/command.ts",
    "src/dashboard/screens/models/snippet_text.ts", // programs to be pasted elsewhere, as text
  ];
  const using = sources.filter((path) => /\bconsole\.\w+\(/.test(read(path)) && !own.includes(path));
  assertEquals(using, ["src/log/log.ts"]);
});

Deno.test("files keep to their budgets of lines", () => {
  const long = [
    ...sources.filter((path) => !GENERATED.includes(path) && lineCount(path) > MAX_LINES.source),
    ...shaders.filter((path) => lineCount(path) > MAX_LINES.kernel),
    ...["README.md"].filter((path) => lineCount(path) > MAX_LINES.readme),
    ...["src/ARCHITECTURE.md"].filter((path) => lineCount(path) > MAX_LINES.architecture),
  ];
  assertEquals(long, []);
});

Deno.test("ARCHITECTURE.md describes every room", () => {
  const text = read("src/ARCHITECTURE.md");
  const rooms = [...Deno.readDirSync(join(ROOT, "src"))].filter((e) => e.isDirectory).map((e) => e.name)
    .filter((name) => name !== "decisions");
  assertEquals(rooms.filter((room) => !text.includes(`\`${room}/\``)), []);
});

Deno.test("the README names every endpoint", () => {
  const text = read("README.md");
  const paths = [...filesUnder("src/api", ".ts")].flatMap((path) =>
    [...read(path).matchAll(/path: "(\/[^"]+)"|doc31\("([^"]+)"|app\.get\("(\/[^"]+)"/g)].map((m) =>
      m[1] ?? m[2] ?? m[3]
    )
  );
  assert(paths.length >= 20, `only ${paths.length} paths were found: is this test looking at them?`);
  assert(paths.includes("/openapi.json"));
  assertEquals(paths.filter((path) => !text.includes(path)), []);
});

Deno.test("the README lists every setting with its default", () => {
  const text = read("README.md").replaceAll(/ +\|/g, " |");
  const shown = (value: string) => value === "" ? "none" : `\`${value}\``;
  const row = (key: { name: string; default: string }) => `\n| \`${key.name}\` | ${shown(key.default)} |`;
  assertEquals(CONFIG_KEYS.filter((key) => !text.includes(row(key))), []);
});
