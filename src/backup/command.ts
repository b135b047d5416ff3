// `deno task backup TARGET`: asks the running server for a backup, copies it to TARGET, which must not be there yet, and
// lets the server drop its own. HOST, PORT and DATA_DIR are the server's; API_KEY is one with the scope admin.
import { dirname, join, resolve } from "@std/path";
import type { Backup } from "../domain/backup.ts";
import { syncDirectory } from "../files/durable.ts";
import { copyFile } from "../files/link_tree.ts";

const [named] = Deno.args, env = (name: string, otherwise: string) => Deno.env.get(name) || otherwise;
if (Deno.args.length !== 1 || !named) {
  refuse("usage: deno task backup TARGET (a directory that is not there yet)");
}
const target = resolve(env("INIT_CWD", Deno.cwd()), named), unfinished = `${target}.part`;
const host = env("HOST", "127.0.0.1"), key = Deno.env.get("API_KEY");
const api = `http://${["0.0.0.0", "::"].includes(host) ? "127.0.0.1" : host}:${
  env("PORT", "8000")
}/v1/backups`;

if (isThere(target)) refuse(`Cannot write the backup: the target must not be there yet, got ${target}`);
const backup: Backup = await (await ask("POST", api)).json();
try {
  if (isThere(unfinished)) await Deno.remove(unfinished, { recursive: true });
  await Deno.mkdir(dirname(target), { recursive: true });
  const bytes = await copyTree(resolve(env("DATA_DIR", "./data"), backup.path), unfinished);
  await Deno.rename(unfinished, target);
  await syncDirectory(dirname(target));
  console.log(`${target}: ${backup.datasets} datasets, ${backup.checkpoints} checkpoints, ${bytes} bytes`);
  if (backup.missing.length > 0) {
    console.log(`listed by the database, and not there: ${backup.missing.join(", ")}`);
  }
} finally {
  await (await ask("DELETE", `${api}/${backup.id}`)).body?.cancel();
}

async function ask(method: string, url: string): Promise<Response> {
  const headers: Record<string, string> = key ? { Authorization: `Bearer ${key}` } : {};
  let response: Response;
  try {
    response = await fetch(url, { method, headers });
  } catch (error) {
    refuse(`Cannot reach the server: HOST and PORT must be its own, got ${api}: ${(error as Error).message}`);
  }
  if (!response.ok) refuse(`Cannot ${method} ${url}: ${response.status} ${await response.text()}`);
  return response;
}

/** Copies a directory, durably. @returns Bytes. */
async function copyTree(from: string, to: string): Promise<number> {
  await Deno.mkdir(to);
  let bytes = 0;
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    bytes += await (isDirectory ? copyTree : copyFile)(join(from, name), join(to, name));
  }
  await syncDirectory(to);
  return bytes;
}

function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function refuse(message: string): never {
  console.error(message);
  Deno.exit(1);
}
