/** `deno task keys`: adds, lists and revokes the server's keys, while it runs or not. */
import { parseArgs } from "@std/cli/parse-args";
import { type Scope, SCOPES } from "../domain/api_key.ts";
import { changeKeys, hashKey, KEY_NAME, newKey, newSalt, parseKeys, readTextOrNone } from "./key_file.ts";

const USAGE = `usage: deno task keys add --name NAME --scopes ${SCOPES.join(",")} [--expires 90d|2027-01-31]
       deno task keys list
       deno task keys revoke --name NAME
The file is the environment's API_KEYS_FILE, or --file's.`;

const DAY_MS = 86_400_000;

/**
 * Does what the arguments say.
 *
 * @param say Told each line of the output.
 * @throws {Error} With the usage, or what is wrong.
 */
export async function runKeys(
  args: string[],
  environmentsFile: string | undefined,
  say: (line: string) => void,
): Promise<void> {
  const flags = parseArgs(args, {
    string: ["name", "scopes", "expires", "file"],
    unknown: (arg: string, key?: string) => {
      if (key !== undefined) throw new Error(`Cannot read ${arg}: there is no such option\n${USAGE}`);
    },
  });
  const path = flags.file || environmentsFile, [verb, ...rest] = flags._;
  if (rest.length > 0) throw new Error(`Cannot read ${JSON.stringify(rest.join(" "))}\n${USAGE}`);
  if (!path) throw new Error(`Cannot find the keys: API_KEYS_FILE is not set\n${USAGE}`);
  if (verb === "list") return await list(path, say);
  const { name = "" } = flags;
  if (verb !== "add" && verb !== "revoke") throw new Error(USAGE);
  if (!KEY_NAME.test(name)) {
    throw new Error(
      `Cannot ${verb} a key: --name must be 1 to 64 letters, digits or . _ @ -, got ${JSON.stringify(name)}`,
    );
  }
  if (verb === "revoke") {
    await changeKeys(path, (records) => {
      if (!records.some((record) => record.name === name)) {
        throw new Error(`Cannot revoke ${name}: there is no such key in ${path}`);
      }
      return records.filter((record) => record.name !== name);
    });
    return say(`revoked ${name}; a running server refuses it from now on`);
  }
  const scopes = readScopes(flags.scopes ?? ""), expires_at = readExpiry(flags.expires);
  const key = newKey(),
    salt = newSalt(),
    hashes = { salt: salt.toHex(), hash: new Uint8Array(hashKey(salt, key)).toHex() };
  await changeKeys(path, (records) => {
    if (records.some((record) => record.name === name)) {
      throw new Error(`Cannot add ${name}: a key of that name is in ${path}; revoke it first`);
    }
    return [...records, { name, scopes, ...hashes, created_at: new Date().toISOString(), expires_at }];
  });
  say(key);
}

async function list(path: string, say: (line: string) => void): Promise<void> {
  for (const { name, scopes, created_at, expires_at } of parseKeys(await readTextOrNone(path))) {
    const expired = expires_at !== null && Date.parse(expires_at) <= Date.now();
    const end = expires_at === null ? "does not expire" : `${expired ? "expired" : "expires"} ${expires_at}`;
    say(`${name}  ${scopes.join(",")}  created ${created_at}  ${end}`);
  }
}

function readScopes(text: string): Scope[] {
  const named = text.split(",").map((scope) => scope.trim());
  if (!named.every((scope): scope is Scope => SCOPES.some((known) => known === scope))) {
    throw new Error(
      `Cannot add a key: --scopes must be of ${SCOPES.join(", ")}, with commas, got ${JSON.stringify(text)}`,
    );
  }
  return SCOPES.filter((scope) => named.includes(scope));
}

/** @param text A number of days, or a date or time, in UTC unless it says otherwise. @returns RFC 3339; null for never. */
function readExpiry(text: string | undefined): string | null {
  if (text === undefined) return null;
  const days = text.match(/^(\d{1,5})d$/);
  const time = days
    ? Date.now() + Number(days[1]) * DAY_MS
    : /^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:\d{2}))?$/.test(text)
    ? Date.parse(text)
    : NaN;
  if (!(time > Date.now())) {
    throw new Error(
      `Cannot add a key: --expires must be days such as 90d, or a date or time to come such as 2027-01-31, ` +
        `got ${JSON.stringify(text)}`,
    );
  }
  return new Date(time).toISOString();
}

if (import.meta.main) {
  try {
    await runKeys(Deno.args, Deno.env.get("API_KEYS_FILE"), (line) => console.log(line));
  } catch (error) {
    console.error((error as Error).message);
    Deno.exit(2);
  }
}
