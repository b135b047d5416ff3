import { isAbsolute, normalize, relative } from "@std/path";
import { DomainError } from "../domain/errors.ts";

const within = (path: string, root: string): boolean => {
  const rest = relative(root, path);
  return rest === "" || (!rest.startsWith("..") && !isAbsolute(rest));
};

/**
 * The real path of what may be imported. What lies elsewhere is refused before it is looked at: whether it is there is not
 * for a caller to know.
 *
 * @param roots Folders that may be imported from; with none, nothing may.
 * @throws {DomainError} `forbidden` for a path outside of them, by `..` or by a link; `invalid` where there is nothing.
 */
export async function importPath(path: string, roots: readonly string[]): Promise<string> {
  const refuse = (why: string) =>
    new DomainError("forbidden", `Cannot import ${JSON.stringify(path)}: ${why}`, {
      errors: [{ detail: why, pointer: "#/source/path" }],
    });
  if (roots.length === 0) throw refuse("importing from the server's disk is off (IMPORT_ROOTS is not set)");
  const outside = () => refuse("it must be an absolute path under one of the server's IMPORT_ROOTS");
  const named = roots.filter((root) => within(normalize(path), normalize(root)));
  if (!isAbsolute(path) || path.includes("\0") || named.length === 0) throw outside();
  let real: string;
  try {
    real = await Deno.realPath(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory)) throw error;
    const detail = "there is no such file or folder";
    throw new DomainError("invalid", `Cannot import ${JSON.stringify(path)}: ${detail}`, {
      errors: [{ detail, pointer: "#/source/path" }],
    });
  }
  const realRoots = await Promise.all(roots.map((root) => Deno.realPath(root).catch(() => undefined)));
  if (!realRoots.some((root) => root !== undefined && within(real, root))) throw outside();
  return real;
}
