import { createHash, randomBytes } from "node:crypto";
import { dirname } from "@std/path";
import { z } from "zod";
import { SCOPES } from "../domain/api_key.ts";
import { syncDirectory } from "../files/durable.ts";

/** A name is for logs and for people: nothing in it needs quoting. */
export const KEY_NAME = /^[A-Za-z0-9._@-]{1,64}$/;

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`));
const KeyRecord = z.strictObject({
  name: z.string().regex(KEY_NAME),
  scopes: z.array(z.enum(SCOPES)).min(1),
  salt: hex(16),
  hash: hex(32),
  created_at: z.iso.datetime(),
  expires_at: z.iso.datetime().nullable(),
});
/** A line of the file. The key itself is nowhere in it. */
export type KeyRecord = z.infer<typeof KeyRecord>;

/** A fresh key of 256 random bits. Its prefix lets those who scan for leaked secrets know it. */
export const newKey = (): string => `lat_${randomBytes(32).toString("base64url")}`;
export const newSalt = (): Uint8Array => new Uint8Array(randomBytes(16));

/**
 * The salted hash of a key: SHA-256 of both. A password's slow hash (scrypt, argon2) makes guessing dear where there is
 * little to guess; here there are 2²⁵⁶ keys, which no speed exhausts, and each request's is hashed with every salt. Both are
 * of fixed lengths, so HMAC, which takes several times as long here, would add nothing.
 */
export const hashKey = (salt: Uint8Array, key: string): Uint8Array =>
  createHash("sha256").update(salt).update(key).digest();

/**
 * Reads JSON lines, one key each; empty lines are passed over.
 *
 * @throws {Error} Naming the first line that is wrong, without quoting it.
 */
export function parseKeys(text: string): KeyRecord[] {
  const records: KeyRecord[] = [];
  for (const [i, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const wrong = (what: string) => new Error(`Cannot read line ${i + 1} of the keys: ${what}`);
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      throw wrong("it must be a JSON object");
    }
    const { data, error } = KeyRecord.safeParse(value);
    if (!data) throw wrong(error.issues.map((e) => `${e.path.join(".") || "it"}: ${e.message}`).join("; "));
    if (records.some(({ name }) => name === data.name)) throw wrong(`the name ${data.name} stands twice`);
    records.push(data);
  }
  return records;
}

/**
 * Changes the file, one change at a time over all processes, and all of it or nothing: a reader finds the old keys or the
 * new ones. None but its owner may read it. A file that is not there counts as empty.
 *
 * @throws {Error} If the file cannot be read as keys: then it stays as it is.
 */
export async function changeKeys(
  path: string,
  change: (records: KeyRecord[]) => KeyRecord[],
): Promise<void> {
  using directory = await Deno.open(dirname(path));
  await directory.lock(true); // let go when it closes
  const records = change(parseKeys(await readTextOrNone(path)));
  const unfinished = `${path}.${crypto.randomUUID()}`;
  try {
    {
      using file = await Deno.open(unfinished, { write: true, createNew: true, mode: 0o600 });
      const text = records.map((record) => `${JSON.stringify(record)}\n`).join("");
      const bytes = new TextEncoder().encode(text);
      for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
      await file.sync();
    }
    await Deno.rename(unfinished, path);
  } catch (error) {
    await Deno.remove(unfinished).catch(() => {}); // it may not have come so far
    throw error;
  }
  await syncDirectory(dirname(path));
}

/** The file's text; empty if there is no file. */
export async function readTextOrNone(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}
