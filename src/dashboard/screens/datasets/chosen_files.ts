/** A file with its path: that within the folder that was chosen, or its name. */
export interface PlacedFile {
  path: string;
  file: File;
}
/** What was dropped or chosen, as it can be uploaded. */
export type Chosen =
  | { kind: "archive"; name: string; file: File }
  | { kind: "images"; name: string; files: PlacedFile[]; bytes: number; leftOut: number };

const ARCHIVE = /\.(tar|tar\.gz|tgz|zip|parquet|bin)$/i;
const IMAGE = /\.(png|jpe?g|gif|tiff?|webp|bmp|p[bgnp]m)$/i;
/** Tables of labels, which stand beside the images. */
const TABLE = /(^|\/)metadata\.(csv|jsonl)$/;

/**
 * What to make of files: one archive, or images.
 *
 * @throws {Error} If they are neither, or both, with what to do instead.
 */
export function chosenOf(files: PlacedFile[]): Chosen {
  const visible = files.filter(({ path }) => !path.split("/").some((part) => /^\.|^__MACOSX$/.test(part)));
  const archives = visible.filter(({ path }) => ARCHIVE.test(path));
  const images = visible.filter(({ path }) => IMAGE.test(path) || TABLE.test(path));
  if (images.some(({ path }) => IMAGE.test(path))) {
    if (archives.length > 0) {
      throw new Error(
        "Choose either an archive or images: these are both. An archive is not unpacked within others",
      );
    }
    const files = images.toSorted((a, b) => a.path < b.path ? -1 : 1); // the same folder makes the same tar
    return {
      ...{ kind: "images", name: commonFolder(files) ?? "images", files },
      bytes: files.reduce((sum, { file }) => sum + file.size, 0),
      leftOut: visible.length - files.length,
    };
  }
  if (archives.length > 1) {
    throw new Error(
      "Choose one archive at a time. Others, such as further shards, are added to the dataset afterwards",
    );
  }
  if (archives.length === 0) {
    throw new Error(
      "None of that is an archive (tar, tar.gz, zip, Parquet) or an image (PNG, JPEG, GIF, TIFF, WebP, BMP, PNM)",
    );
  }
  const [{ file }] = archives;
  return { kind: "archive", name: file.name.replace(ARCHIVE, ""), file };
}

/** The folder that all are in, if there is one: what was dropped. */
function commonFolder(files: PlacedFile[]): string | undefined {
  const [first, ...rest] = files[0].path.split("/");
  return rest.length > 0 && files.every(({ path }) => path.startsWith(`${first}/`)) ? first : undefined;
}

/** Where the images are: each folder with how many it has, the first `most` of them. */
export function foldersOf(files: PlacedFile[], most: number): { folders: [string, number][]; more: number } {
  const counts = new Map<string, number>();
  for (const { path } of files) {
    const folder = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  return { folders: [...counts].slice(0, most), more: Math.max(0, counts.size - most) };
}

/** The files of an `<input type="file">`, with their paths where a folder was chosen. */
export const placed = (files: Iterable<File>): PlacedFile[] =>
  [...files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));

/** All files of a drop, folders and what is in them too. Has to be called while the event is handled. */
export async function droppedFiles(data: DataTransfer): Promise<PlacedFile[]> {
  const entries = [...data.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (entries.length === 0) return placed(data.files);
  const found: PlacedFile[] = [];
  for (const entry of entries) await walk(entry, found);
  return found;
}

async function walk(entry: FileSystemEntry, found: PlacedFile[]): Promise<void> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject)
    );
    found.push({ path: entry.fullPath.replace(/^\//, ""), file });
  } else if (entry.isDirectory) {
    const reader = (entry as FileSystemDirectoryEntry).createReader();
    for (;;) { // a hundred at a time, until there are none
      const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
        reader.readEntries(resolve, reject)
      );
      if (some.length === 0) break;
      for (const each of some) await walk(each, found);
    }
  }
}
