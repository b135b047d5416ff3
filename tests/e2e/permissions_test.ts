// The flags that a running server's children were started with, read from the system, and what they grant.
import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { dawnFolder } from "../../src/setup/dawn_folder.ts";
import { TestServer } from "./server.ts";

const DAWN = dawnFolder();
const PROBE = fromFileUrl(new URL("../unit/permissions_probe.ts", import.meta.url));

/** What the processes of an id, or of a parent's, were started with. By a shell: Deno itself may not read that of others. */
async function commandLines(of: "pid" | "parent", pid: number): Promise<string[][]> {
  const field = of === "pid" ? 1 : 4;
  const script = `for p in /proc/[0-9]*; do
    [ "$(cut -d' ' -f${field} $p/stat 2>/dev/null)" = ${pid} ] && tr '\\0' '\\n' < $p/cmdline && echo; done; true`;
  const { stdout } = await new Deno.Command("sh", { args: ["-c", script] }).output();
  return new TextDecoder().decode(stdout).trim().split("\n\n").map((lines) => lines.split("\n"));
}

Deno.test({
  name:
    "a running server's children may reach no network and start no program, and write only where they must",
  ignore: Deno.build.os !== "linux", // no /proc elsewhere; the server's flags are the same
  sanitizeOps: false,
  sanitizeResources: false,
}, async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "latentd-permissions-" });
  const server = await TestServer.start(dataDir, { SECRET: "1" });
  try {
    await Promise.all([server.child("train"), server.child("embed")]);
    const [own] = await commandLines("pid", server.process.pid);
    assert(own.includes("-P=server") && own.includes("--no-remote"), own.join(" "));
    const children = await server.until(
      () => commandLines("parent", server.process.pid),
      (lines) => lines.length === 3,
    );
    const writable: Record<string, string[]> = {
      "train-worker": [`write:${dataDir}`, `write:${dataDir}/datasets`, `write:${dataDir}/neighbors`],
      "embed-worker": [`write:${dataDir}/neighbors`],
      "ingest-worker": [`write:${dataDir}/datasets`],
    };
    assertEquals(children.map((line) => line.at(-1)!).sort(), Object.keys(writable).sort());
    for (const line of children) {
      const role = line.at(-1)!, flags = line.slice(2, -2);
      const asked = [
        ...[
          "run",
          `run:${Deno.execPath()}`,
          "net",
          "net:127.0.0.1",
          "ffi",
          `ffi:${DAWN}`,
          "env",
          "env:SECRET",
          "sys",
          "import",
        ],
        ...[
          `write:${dataDir}`,
          `write:${dataDir}/datasets`,
          `write:${dataDir}/neighbors`,
          "write:/tmp",
          "read",
          "read:/etc/passwd",
        ],
        ...[`read:${dataDir}`, "env:DATA_DIR"],
      ];
      const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        ...{ args: ["run", ...flags, PROBE, ...asked], env: { SECRET: "1", DATA_DIR: dataDir } },
      }).output();
      assertEquals(new TextDecoder().decode(stderr), "");
      const { states, seen } = JSON.parse(new TextDecoder().decode(stdout)) as {
        states: Record<string, string>;
        seen?: string;
      };
      const granted = Object.keys(states).filter((name) => states[name] === "granted");
      // By GPU_PROVIDER=auto: Dawn's own module, and no other native code.
      const native = role === "train-worker" ? [`ffi:${DAWN}`] : [];
      assertEquals(granted, [...native, ...writable[role], `read:${dataDir}`, "env:DATA_DIR"], role);
      assertEquals(seen, undefined);
      assert(flags.includes("--no-remote") && flags.includes("--frozen"), flags.join(" "));
    }
  } finally {
    await server.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
});
