/** What an image's path in an archive says of it. */
export interface PathMeaning {
  split: string;
  /** The class; null where the path names none. */
  class: string | null;
  /** Whether the path named the split, or it is only the default. */
  explicit: boolean;
}

const SPLITS: Record<string, string> = {
  train: "train",
  test: "test",
  val: "val",
  valid: "val",
  validation: "val",
};

/**
 * Reads an ImageFolder path: `…/<split>/<class>/<file>`, `<class>/<file>` or `<file>`; without a split it is `train`.
 *
 * @returns undefined for what archivers add of their own: hidden files, and macOS's metadata.
 */
export function readImagePath(path: string): PathMeaning | undefined {
  const parts = path.split("/").filter((part) => !["", ".", ".."].includes(part));
  if (parts.length === 0 || parts.at(-1)!.startsWith(".") || parts.includes("__MACOSX")) return undefined;
  const folders = parts.slice(0, -1), at = folders.findIndex((folder) => Object.hasOwn(SPLITS, folder));
  return at >= 0
    ? { split: SPLITS[folders[at]], class: folders[at + 1] ?? null, explicit: true }
    : { split: "train", class: folders.at(-1) ?? null, explicit: false };
}
