import { dirname, fromFileUrl, join } from "@std/path";

/**
 * Where Dawn's native module lies: all native code that a process needs to be let to load which computes by it. None if the
 * package is not at hand.
 */
export function dawnFolder(): string | undefined {
  try {
    const entry = import.meta.resolve("webgpu");
    return entry.startsWith("file:") ? join(dirname(fromFileUrl(entry)), "dist") : undefined;
  } catch {
    return undefined;
  }
}
