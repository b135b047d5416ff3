import { log } from "../log/log.ts";
import type { TuningCache } from "./tuner.ts";

/** The file's own version: another one is left alone and written anew. */
const VERSION = 1;

/** Choices in memory alone: for tests, and where nothing may be written. */
export function memoryTuningCache(choices: ReadonlyMap<string, string> = new Map()): TuningCache {
  let kept = choices;
  return { read: () => kept, write: (next) => void (kept = new Map(next)) };
}

/**
 * Choices in a JSON file. One that is missing, damaged or of another version counts as empty: what is lost is measured
 * again. Writing replaces the file as a whole; where that fails (a full disk, say) it is said, and nobody's job ends by it.
 */
export function fileTuningCache(path: string): TuningCache {
  return {
    read() {
      try {
        const { version, choices } = JSON.parse(Deno.readTextFileSync(path));
        if (version !== VERSION) return new Map();
        return new Map(
          Object.entries(choices).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
        );
      } catch (error) {
        if (
          error instanceof Deno.errors.NotFound || error instanceof SyntaxError || error instanceof TypeError
        ) {
          return new Map();
        }
        throw error;
      }
    },
    write(choices) {
      const temporary = `${path}.${crypto.randomUUID()}.tmp`;
      try {
        Deno.writeTextFileSync(
          temporary,
          JSON.stringify({ version: VERSION, choices: Object.fromEntries(choices) }, null, 1),
        );
        Deno.renameSync(temporary, path);
      } catch (error) {
        log.warn(`Cannot keep which tiles are the fastest: ${(error as Error).message}`);
        try {
          Deno.removeSync(temporary);
        } catch { // it was never made
        }
      }
    },
  };
}
