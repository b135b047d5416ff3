/** What is wrong with a disk that takes nothing more, by the system's code. */
const DISK_FAULTS: Record<string, string> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk's quota is used up",
  EIO: "the disk has failed (EIO)",
  EROFS: "the disk is read-only",
};

/** In words, why the disk took nothing more; undefined of an error that says no such thing. */
export function diskFault(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? DISK_FAULTS[code] : undefined;
}
