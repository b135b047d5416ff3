import { assert, assertEquals, assertMatch } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { fromFileUrl } from "@std/path";
import type { Finding } from "../../src/doctor/finding.ts";
import { openSqliteStore } from "../../src/store/sqlite_store.ts";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));
/** No Vulkan driver. There may be one of OpenGL, and an environment that asks for it: neither is to matter. */
const NO_DRIVER = {
  ...{ VK_ICD_FILENAMES: "/nowhere.json", VK_DRIVER_FILES: "/nowhere.json" },
  DENO_WEBGPU_BACKEND: "gl",
};
interface Report {
  code: number;
  findings: Finding[];
}

/** Runs the task's program with the task's permissions, but for the directory. */
async function run(dataDir: string, env: Record<string, string>, ...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-q", "--no-prompt", "--frozen", "-P=doctor", `--allow-write=${dataDir}`],
      ...[`--allow-run=${Deno.execPath()}`, "src/doctor/doctor.ts", ...args],
    ],
    cwd: ROOT,
    env: { DATA_DIR: dataDir, XDG_RUNTIME_DIR: "/tmp", ALLOW_SOFTWARE_GPU: "1", ...env },
  }).output();
  const [out, told] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out, told };
}
async function examine(dataDir: string, env: Record<string, string> = {}) {
  const { code, out, told } = await run(dataDir, env, "--json");
  assert(out.startsWith("{"), told);
  const report: Report = JSON.parse(out);
  assertEquals(code, report.code);
  return { code, of: new Map(report.findings.map((finding) => [finding.what, finding])) };
}
async function withDirectory(check: (dataDir: string) => Promise<void>): Promise<void> {
  const dataDir = await Deno.makeTempDir({ prefix: "latentd-doctor-" });
  try {
    await check(dataDir);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

Deno.test("doctor finds a machine that can be used, says so, and leaves nothing behind", () =>
  withDirectory(async (dataDir) => {
    const { code, of } = await examine(dataDir);
    const software = (of.get("adapter")!.details as { software: boolean }).software;
    assertEquals(code, software ? 1 : 0, JSON.stringify([...of]));
    for (const what of ["settings", "permissions", "database", "vulkan", "kernels"]) {
      assertEquals(of.get(what)?.state, "good", JSON.stringify(of.get(what)));
    }
    const kernel = of.get("kernels")!.details as { error: number; products: number };
    assert(kernel.products > 0 && kernel.error > 0 && kernel.error < 2e-5);
    assertEquals([...Deno.readDirSync(dataDir)], []);

    const text = await run(dataDir, {});
    assertEquals(text.code, code);
    assertMatch(text.out, /^ok {4}kernels +\d+ products of matrices in a second/m);
    assertMatch(text.out, /latentd can be used here[^\n]*\n$/);
  }));

Deno.test("doctor without a driver says what to install", () =>
  withDirectory(async (dataDir) => {
    const { code, of } = await examine(dataDir, NO_DRIVER);
    assertEquals(code, 2);
    const adapter = of.get("adapter")!, vulkan = of.get("vulkan")!;
    assertEquals([adapter.state, vulkan.state], ["bad", "warning"]);
    assertMatch(
      adapter.advice!.join(),
      /mesa-vulkan-drivers.*NVIDIA_DRIVER_CAPABILITIES=compute,utility,graphics/,
    );
    assertMatch(vulkan.found, /VK_DRIVER_FILES names no driver that is there.*OpenGL.*is not used/);
  }));

Deno.test("doctor tells a directory, a right, a setting or a database that the server cannot use", () =>
  withDirectory(async (dataDir) => {
    const none = NO_DRIVER; // no need to compute again
    const elsewhere = await examine(dataDir, { ...none, DATA_DIR: "/proc/nowhere" });
    assertEquals(elsewhere.of.get("disk")!.state, "bad");
    assertMatch(elsewhere.of.get("permissions")!.found, /--allow-write=\/proc\/nowhere/);
    const { of } = await examine(dataDir, { PORT: "many" });
    assertMatch(of.get("settings")!.found, /PORT must be/);

    const path = `${dataDir}/latentd.sqlite`, store = openSqliteStore(path);
    assertMatch((await examine(dataDir, none)).of.get("database")!.found, /in use by a server/);
    store.close();
    assertMatch((await examine(dataDir, none)).of.get("database")!.found, /is whole, schema \d+$/);
    const db = new DatabaseSync(path);
    db.exec("PRAGMA user_version = 1000");
    db.close();
    const newer = (await examine(dataDir, none)).of.get("database")!;
    assertEquals([newer.state, /schema 1000/.test(newer.found)], ["bad", true]);
    await Deno.writeFile(path, crypto.getRandomValues(new Uint8Array(8192)));
    assertEquals((await examine(dataDir, none)).of.get("database")!.state, "bad");
  }));
