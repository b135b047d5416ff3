import { assert, assertEquals } from "@std/assert";
import { DiskUsage } from "../../../src/files/disk_usage.ts";

Deno.test("what a directory takes is counted by use, without waiting, and anew when it is stale", async () => {
  const directory = await Deno.makeTempDir();
  const failed = (error: unknown) => {
    throw error;
  };
  try {
    const usage = new DiskUsage(
      directory,
      (name) => name === "a" ? "a" : "other",
      ["a", "b", "other"],
      failed,
      1e9,
    );
    assertEquals(usage.report(), undefined); // and a walk is begun
    await usage.refresh();
    await Deno.mkdir(`${directory}/a/deep/er`, { recursive: true });
    await Deno.writeFile(`${directory}/a/deep/er/file`, new Uint8Array(40_000).fill(1));
    await Deno.writeFile(`${directory}/loose`, new Uint8Array(10_000).fill(1));
    await Deno.symlink("/usr", `${directory}/a/link`);
    await usage.refresh();
    const { used, free, total } = usage.report()!;
    assert(used.a >= 40_000 && used.a < 100_000, String(used.a));
    assert(used.other >= 10_000 && used.other < 40_000, String(used.other));
    assertEquals(used.b, 0);
    assert(free > 0 && free <= total);

    await Deno.remove(`${directory}/a`, { recursive: true });
    assertEquals(usage.report()!.used.a, used.a); // known without a look
    await usage.refresh();
    assertEquals(usage.report()!.used.a, 0);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
