import { assert, assertEquals, assertRejects } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { type Confined, runConfined } from "./confined.ts";

/** Damaged files of each kind. */
const FILES = 2000;
const MAX_KB = 700 * 1024;
const goldenPath = (name: string) => fromFileUrl(new URL(`../../golden/${name}`, import.meta.url));
const GOLDEN = goldenPath("decode.json"), PARQUET = goldenPath("parquet.json");

/** What became of each kind's files: as many as were asked for, and each read or refused. */
function expectThrough({ lines, peakKb }: Confined, kinds: number): void {
  assert(peakKb > 0 || Deno.build.os !== "linux", "nobody has looked at its memory");
  const counts: Record<string, Record<string, number>> = {};
  for (const line of lines) {
    const [, kind, outcome] = /^(\S+) \d+ (.*)$/.exec(line)!;
    const count = counts[kind] ??= { read: 0, refused: 0 };
    assert(outcome in count, line);
    count[outcome]++;
  }
  assertEquals(Object.keys(counts).length, kinds);
  for (const [kind, { read, refused }] of Object.entries(counts)) {
    assertEquals(read + refused, FILES, kind);
    assert(
      kind.endsWith(".orientation") || (read > 0 && refused > FILES / 100),
      `${kind}: ${read} are read: are they wrong at all?`,
    );
  }
}

Deno.test(`${FILES} damaged images of each format are read or refused by each parser of headers`, async () => {
  const args = [GOLDEN, String(FILES)];
  const child = await runConfined("./fuzz_headers.ts", { args, read: [GOLDEN], maxKb: MAX_KB });
  expectThrough(child, 11);
  const tooMuch = runConfined("./fuzz_headers.ts", { args, read: [GOLDEN], maxKb: 1 });
  if (Deno.build.os === "linux") await assertRejects(() => tooMuch, Error, "it took"); // so it is watched
  else await tooMuch;
});

Deno.test(`${FILES} damaged archives of each kind are read or refused, and leave nothing anywhere`, async () => {
  const outer = await Deno.makeTempDir({ prefix: "latentd-fuzz-" }), folder = join(outer, "data", "deep");
  try {
    await Deno.mkdir(folder, { recursive: true });
    const args = [folder, String(FILES), PARQUET], may = { read: [PARQUET], write: [folder], maxKb: MAX_KB };
    const child = await runConfined("./fuzz_archives.ts", { args, ...may });
    expectThrough(child, 7);
    const names = (path: string) => [...Deno.readDirSync(path)].map(({ name }) => name);
    assertEquals([names(outer), names(join(outer, "data")), names(folder)], [["data"], ["deep"], ["upload"]]);
  } finally {
    await Deno.remove(outer, { recursive: true });
  }
});

Deno.test(`${FILES} damaged images of each format are decoded or refused on the pool's threads`, async () => {
  const root = fromFileUrl(new URL("../../../", import.meta.url)), args = [GOLDEN, String(FILES)];
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  // Threads load their modules, and decoders their WebAssembly, from where Deno keeps them.
  const read = [root, JSON.parse(new TextDecoder().decode(stdout)).npmCache];
  const child = await runConfined("./fuzz_decoders.ts", {
    args,
    read,
    env: ["IMAGESCRIPT_WASM_SIMD"],
    maxKb: MAX_KB,
  });
  expectThrough(child, 7);
});
