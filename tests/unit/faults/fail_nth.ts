import { DatabaseSync, StatementSync } from "node:sqlite";

/** What is counted, and may fail: all that this program asks of files and of the database. */
const FILES = [
  ...["open", "mkdir", "rename", "remove", "writeFile", "writeTextFile", "readFile", "readTextFile", "stat"],
  ...[
    "openSync",
    "mkdirSync",
    "renameSync",
    "removeSync",
    "writeFileSync",
    "readFileSync",
    "readTextFileSync",
  ],
  ...["linkSync", "readDirSync"],
] as const;
const HANDLES = ["write", "writeSync", "sync", "syncSync", "truncate", "read", "readSync"] as const;
const STATEMENTS = ["run", "get", "all"] as const;

/** What a failing disk says of a file. */
class InjectedFault extends Error {
  readonly code = "EIO";
  constructor(readonly call: string) {
    super(`Input/output error (os error 5): injected into ${call}`);
  }
}

// deno-lint-ignore no-explicit-any -- whatever the object is, its functions are put back as they were
type Functions = Record<string, any>;

/**
 * Runs `use` with the `n`-th call to a file or to the database failing, as a disk does that has a bad moment.
 *
 * @returns How many calls there were, and which one failed; none if there were fewer.
 */
export async function failNth(
  n: number,
  use: () => Promise<void>,
): Promise<{ calls: number; failed: string | undefined }> {
  let calls = 0, failed: string | undefined;
  const originals: [target: Functions, name: string, original: unknown][] = [];
  const patch = (target: Functions, names: readonly string[], prefix: string) => {
    for (const name of names) {
      const original = target[name];
      originals.push([target, name, original]);
      const isAsync = target === Deno ? !name.endsWith("Sync") : HANDLES.includes(name as never) &&
        !name.endsWith("Sync");
      target[name] = function (...args: unknown[]) {
        if (++calls !== n) return original.apply(this, args);
        failed = prefix + name;
        const fault = new InjectedFault(failed);
        if (isAsync) return Promise.reject(fault);
        throw fault;
      };
    }
  };
  patch(Deno as unknown as Functions, FILES, "Deno.");
  patch(Deno.FsFile.prototype as unknown as Functions, HANDLES, "file.");
  patch(StatementSync.prototype as unknown as Functions, STATEMENTS, "statement.");
  patch(DatabaseSync.prototype as unknown as Functions, ["exec"], "database.");
  try {
    await use();
  } finally {
    for (const [target, name, original] of originals) target[name] = original;
  }
  return { calls, failed };
}
