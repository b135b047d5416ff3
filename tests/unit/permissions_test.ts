// What each process may do, asked of a process with the very flags that the house uses.
import { assert, assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { CONFIG_KEYS } from "../../src/config.ts";
import { dockerfile, jsonArguments } from "./dockerfile.ts";

const ROOT = fromFileUrl(new URL("../../", import.meta.url)),
  PROBE = join(ROOT, "tests/unit/permissions_probe.ts");
const { tasks, permissions } = JSON.parse(Deno.readTextFileSync(join(ROOT, "deno.json")));
/** What libraries that the server loads read: `debug`, imagescript, Vulkan's loader. */
const OF_LIBRARIES = ["XDG_RUNTIME_DIR", "DEBUG", "IMAGESCRIPT_WASM_SIMD"];

const cacheOf = ({ HOME = "/", DENO_DIR }: Record<string, string>) => ({
  ...{ HOME },
  ...(DENO_DIR ? { DENO_DIR } : {}),
});
async function probe(flags: string[], asked: string[]) {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", ...flags, PROBE, ...asked],
    // Of the environment that the tests run in only what Deno needs.
    ...{ cwd: ROOT, clearEnv: true, env: { ...cacheOf(Deno.env.toObject()), SECRET: "1", PORT: "1" } },
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert(text !== "", new TextDecoder().decode(stderr));
  return JSON.parse(text) as { states: Record<string, string>; environment: string[]; seen?: string };
}
/** Those that are granted. */
const granted = ({ states }: { states: Record<string, string> }) =>
  Object.keys(states).filter((asked) => states[asked] === "granted");

Deno.test("the server may start Deno, write to its directory and be reached, and no more", async () => {
  const asked = [
    ...[`run:${Deno.execPath()}`, "run", "run:/bin/sh", "run:python3"],
    ...["write:./data", "write", "write:.", "write:/tmp", "write:main.ts"],
    ...[
      "net:127.0.0.1",
      "net:localhost",
      "net:0.0.0.0",
      "net",
      "net:example.org:443",
      "net:169.254.169.254",
      "net:10.0.0.1",
    ],
    ...[
      "env:PORT",
      "env",
      "env:HOME",
      "env:SECRET",
      "ffi",
      "sys",
      "sys:hostname",
      "sys:setPriority",
      "import",
    ],
  ];
  const found = await probe(["-P=server", `--allow-run=${Deno.execPath()}`], asked);
  const network = ["net:127.0.0.1", "net:localhost", "net:0.0.0.0"];
  assertEquals(granted(found), [
    ...[`run:${Deno.execPath()}`, "write:./data", ...network, "env:PORT"],
    "sys:setPriority", // its children's
  ]);
  assertEquals([found.environment, found.seen], [["PORT"], undefined]); // what it may not read it does not see
});

Deno.test("the set that the server runs by names every setting, and what libraries read", () => {
  const { ignore, allow } = permissions.server.env as { ignore: boolean; allow: string[] };
  const wanted = [...CONFIG_KEYS.map(({ name }) => name), ...OF_LIBRARIES];
  assertEquals(
    [ignore, allow.toSorted()],
    [true, wanted.sort()],
    "in deno.json, permissions.server.env.allow",
  );
});

Deno.test("every task that runs a program names a set of permissions, and the server's names Deno alone to be run", () => {
  const runs = Object.entries<string>(tasks).filter(([, task]) => task.includes("deno run"));
  assert(runs.length >= 5, `only ${runs.length} tasks run a program: is this test looking at them?`);
  assertEquals(runs.filter(([, task]) => !/ -P=(\w+) /.test(task)), []);
  const named = runs.map(([, task]) => task.match(/-P=(\w+)/)![1]);
  assertEquals([...named, "test"].filter((name) => !(name in permissions)), []);
  assertEquals(Object.keys(permissions).filter((name) => ![...named, "test"].includes(name)), []);
  const container = jsonArguments(dockerfile().stages.at(-1)!.find(({ keyword }) => keyword === "CMD")!.text);
  for (const words of [tasks.serve.split(" "), container]) {
    const flags = words.filter((word: string) => /^(--allow|--deny|-P|--no-remote)/.test(word));
    assertEquals(flags.map((flag: string) => flag.split("=")[0]), ["--no-remote", "-P", "--allow-run"]);
    assert(flags.at(-1).length > "--allow-run=".length);
  }
});

Deno.test("nothing that is committed runs with every permission", async () => {
  const { stdout } = await new Deno.Command("git", {
    args: ["grep", "-nIE", `[" ](-A|--allow-all)[" ]`],
    cwd: ROOT,
  })
    .output();
  const lines = new TextDecoder().decode(stdout).trim().split("\n").filter((line) =>
    line !== "" && !/^tests\/unit\/(container|permissions)_test\.ts:/.test(line)
  );
  assertEquals(lines, []);
});
