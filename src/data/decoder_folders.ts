import { dirname, fromFileUrl } from "@std/path";

const folderOf = (specifier: string): string => dirname(fromFileUrl(import.meta.resolve(specifier)));

/** Where the decoders' WebAssembly lies, which they read when it is first needed: a process that decodes must be let. */
export const decoderFolders = (): string[] => [
  dirname(folderOf("imagescript/wasm/node/jpeg.js")),
  folderOf("@jsquash/webp/decode.js"),
];
