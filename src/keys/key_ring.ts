import { timingSafeEqual } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { type Caller, KEY_PATTERN, type KeyRing } from "../domain/api_key.ts";
import { hashKey, type KeyRecord, parseKeys } from "./key_file.ts";

const WHOLE_KEY = new RegExp(`^${KEY_PATTERN.source}$`);

/** A line of the file, with its bytes at hand. */
type Known = KeyRecord & { saltBytes: Uint8Array; hashBytes: Uint8Array };

/** The keys of a file, read again whenever it has changed: one that is revoked there is refused by the next request. */
export class FileKeyRing implements KeyRing {
  #keys: Known[] = [];
  #seen = "";
  #complaint = "";

  /**
   * @param path JSON lines, as `deno task keys` writes them.
   * @param complain Told, once, that the file cannot be read any more; the keys that were read last stay in force.
   * @throws {Error} If it cannot be read in the first place.
   */
  constructor(readonly path: string, private readonly complain: (message: string) => void) {
    try {
      this.#seen = this.#state();
      this.#keys = readKeys(path);
    } catch (error) {
      throw new Error(
        `Cannot read API_KEYS_FILE (\`deno task keys add\` makes it), got ${JSON.stringify(path)}: ` +
          (error as Error).message,
      );
    }
  }

  get size(): number {
    return this.#keys.length;
  }

  find(key: string): Caller | undefined {
    this.#refresh();
    if (!WHOLE_KEY.test(key)) return undefined;
    let found: Known | undefined;
    // All of them, each in constant time: how long it takes tells neither which key was close nor whether any was right.
    for (const record of this.#keys) {
      if (timingSafeEqual(hashKey(record.saltBytes, key), record.hashBytes)) found = record;
    }
    if (!found || (found.expires_at !== null && Date.parse(found.expires_at) <= Date.now())) return undefined;
    return { name: found.name, scopes: found.scopes };
  }

  #refresh(): void {
    try {
      const state = this.#state();
      if (state !== this.#seen) {
        this.#keys = readKeys(this.path);
        this.#seen = state; // as it was before it was read: if it changed meanwhile, it is read again
      }
      this.#complaint = "";
    } catch (error) {
      const { message } = error as Error;
      if (message !== this.#complaint) {
        this.complain(`API_KEYS_FILE cannot be read; the keys read before stay in force: ${message}`);
      }
      this.#complaint = message;
    }
  }

  /** Changes whenever the file does: a new one under its name has another inode, and times are of nanoseconds. */
  #state(): string {
    const { ino, size, mtimeNs, ctimeNs } = statSync(this.path, { bigint: true });
    return [ino, size, mtimeNs, ctimeNs].join();
  }
}

const readKeys = (path: string): Known[] =>
  parseKeys(readFileSync(path, "utf8")).map((record) => ({
    ...record,
    saltBytes: Uint8Array.fromHex(record.salt),
    hashBytes: Uint8Array.fromHex(record.hash),
  }));
