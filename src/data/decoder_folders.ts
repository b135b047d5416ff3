import { dirname, fromFileUrl } from "@std/path";

const folderOf = (specifier: string): string => dirname(fromFileUrl(import.meta.resolve(specifier)));

/** Where the decoders' WebAssembly lies, which they read when it is first needed: a process that decodes must be let. */
export const decoderFolders = (): string[] => [
  dirname(folderOf("imagescript/wasm/node/jpeg.js")),
  folderOf("@jsquash/webp/decode.js"),
];

/**
 * Where sharp and its libraries lie, among all other packages, and what it tells the C library by; none if it is not
 * installed.
 */
export function sharpFolders(): string[] {
  const entry = import.meta.resolve("sharp"), at = entry.indexOf("/sharp/");
  return entry.startsWith("file:") && at > 0 ? [fromFileUrl(entry.slice(0, at)), "/usr/bin/ldd"] : [];
}
