import { statfs } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { dirname, join } from "@std/path";
import { SCHEMA_VERSION } from "../store/migrate.ts";
import type { Finding } from "./finding.ts";

/** A run's checkpoints alone may take a few of these. */
const LITTLE_BYTES = 5 * 2 ** 30;

/** Whether the server has the rights it needs: doctor is run with the same ones, its network apart. */
export async function lookAtPermissions(dataDir: string): Promise<Finding> {
  const needed: Deno.PermissionDescriptor[] = [
    ...(["read", "write"] as const).map((name) => ({ name, path: dataDir })),
    { name: "run", command: Deno.execPath() },
    ...(["setPriority", "statfs", "systemMemoryInfo"] as const).map((kind) => ({
      name: "sys" as const,
      kind,
    })),
    { name: "env" },
  ];
  const states = await Promise.all(needed.map((permission) => Deno.permissions.query(permission)));
  const lacking = needed.filter((_, i) => states[i].state !== "granted").map((permission) => {
    const of = "path" in permission
      ? permission.path
      : "command" in permission
      ? permission.command
      : "kind" in permission
      ? permission.kind
      : undefined;
    return `--allow-${permission.name}${of ? `=${of}` : ""}`;
  });
  return lacking.length === 0 ? { what: "permissions", state: "good", found: "all that the server needs" } : {
    ...{ what: "permissions", state: "bad", found: `the server lacks ${lacking.join(" ")}` },
    advice: ["add these to the command that starts it"],
  };
}

/** Whether DATA_DIR can be written to, for good, and what its disk has left. Leaves nothing behind. */
export async function lookAtDisk(dataDir: string): Promise<Finding> {
  const what = "disk";
  let made = false;
  try {
    made = !await Deno.stat(dataDir).then(() => true, () => false);
    await Deno.mkdir(dataDir, { recursive: true });
    const path = join(dataDir, `.doctor-${crypto.randomUUID()}`),
      bytes = crypto.getRandomValues(new Uint8Array(65_536));
    try {
      using file = await Deno.open(path, { createNew: true, write: true });
      for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
      await file.sync();
      const read = await Deno.readFile(path);
      if (read.some((byte, i) => byte !== bytes[i])) throw new Error("what was written is not what is read");
    } finally {
      await Deno.remove(path).catch(() => {});
    }
    const { bavail, bsize } = await statfs(dataDir), free = bavail * bsize;
    const found = `${dataDir}: writing and fsync work, ${(free / 2 ** 30).toFixed(1)} GiB are free`;
    return free < LITTLE_BYTES
      ? {
        what,
        state: "warning",
        found,
        advice: ["make room: checkpoints and datasets need some"],
        details: { free },
      }
      : { what, state: "good", found, details: { free } };
  } catch (error) {
    const found = `cannot write to ${dataDir}: ${(error as Error).message}`;
    return { what, state: "bad", found, advice: ["set DATA_DIR to a directory that this user may write to"] };
  } finally {
    if (made) await Deno.remove(dataDir).catch(() => {});
  }
}

/** Whether the database is whole, and of a schema that this version knows. */
export async function lookAtDatabase(dataDir: string): Promise<Finding> {
  const what = "database", path = join(dataDir, "latentd.sqlite");
  if (!await Deno.stat(path).then(() => true, () => false)) {
    return { what, state: "good", found: `none yet in ${dirname(path)}: the server makes one` };
  }
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { readOnly: true, timeout: 0 });
    const { user_version: version } = db.prepare("PRAGMA user_version").get() as { user_version: number };
    const rows = db.prepare("PRAGMA integrity_check").all() as { integrity_check: string }[];
    const faults = rows.map(({ integrity_check }) => integrity_check).filter((line) => line !== "ok");
    const details = { version, known: SCHEMA_VERSION, faults };
    if (faults.length > 0) {
      const found = `${path} is damaged: ${faults.slice(0, 3).join("; ")}`;
      return { what, state: "bad", found, advice: ["restore DATA_DIR from a backup"], details };
    }
    if (version > SCHEMA_VERSION) {
      const found = `${path} has schema ${version}, and this version knows ${SCHEMA_VERSION} at most`;
      return {
        what,
        state: "bad",
        found,
        advice: ["run the newer version of latentd that made it"],
        details,
      };
    }
    const later = version < SCHEMA_VERSION ? `, which the server will bring to ${SCHEMA_VERSION}` : "";
    return { what, state: "good", found: `${path} is whole, schema ${version}${later}`, details };
  } catch (error) {
    const { message } = error as Error;
    if (/locked|busy/i.test(message)) {
      return { what, state: "good", found: `${path} is in use by a server, so it was not looked into` };
    }
    const found = `${path} cannot be read: ${message}`;
    return { what, state: "bad", found, advice: ["restore DATA_DIR from a backup"] };
  } finally {
    db?.close();
  }
}
