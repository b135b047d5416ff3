import type { Chosen } from "./chosen_files.ts";
import { fingerprintOf, tarOfFiles } from "./tar_of_files.ts";
import type { UploadOrder } from "./upload_tasks.ts";

/** What tells what was chosen from all else, so that it is known when it is chosen again. */
export function fingerprintOfChosen(chosen: Chosen): string {
  if (chosen.kind === "images") {
    const kind = chosen.files.some(({ path }) => path.includes("/")) ? "folder" : "images";
    return `latentd-${kind}-${fingerprintOf(chosen.files)}-${chosen.bytes}`;
  }
  const { name, size, lastModified } = chosen.file;
  return `latentd-file-${size}-${lastModified}-${name.replaceAll("::", ":")}`;
}

/** The bytes of what was chosen: an archive as it is, images as a tar of them. @param onPacked Called with files done. */
export async function orderOf(
  chosen: Chosen,
  onPacked?: (files: number) => void,
): Promise<Omit<UploadOrder, "settings">> {
  const fingerprint = fingerprintOfChosen(chosen);
  if (chosen.kind === "archive") return { blob: chosen.file, fileName: chosen.file.name, fingerprint };
  const blob = await tarOfFiles(chosen.files, onPacked);
  return { blob, fileName: chosen.name, fingerprint };
}
