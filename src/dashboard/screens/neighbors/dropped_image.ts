import { signal } from "@preact/signals";

/** An image of the reader's own: it never leaves this page but to be embedded. */
export interface DroppedImage {
  /** Another one for each image: what answers are kept by. */
  key: number;
  file: Blob;
  name: string;
  url: string;
}
/** What the server decodes; it looks at the bytes, and is told by the type only that it is an image. */
export const IMAGE_TYPES = [
  ...["image/jpeg", "image/png", "image/gif", "image/webp", "image/tiff", "image/bmp"],
];

export const dropped = signal<DroppedImage | undefined>(undefined);
let count = 0;

/** Keeps a file as the image that is looked for. @returns Why not, if it is none. */
export function takeFile(file: File | undefined): string | undefined {
  if (!file) return "That was no file: drop an image from your computer";
  if (!IMAGE_TYPES.includes(file.type)) {
    return `${file.name} is ${file.type || "of no known type"}: take a JPEG, PNG, GIF, WebP, TIFF or BMP`;
  }
  if (dropped.value) URL.revokeObjectURL(dropped.value.url);
  dropped.value = { key: ++count, file, name: file.name, url: URL.createObjectURL(file) };
  return undefined;
}

/** The first file of a drop or a paste; an image that was copied is one, too. */
export function fileOf(data: DataTransfer | null): File | undefined {
  const files = [...data?.files ?? []];
  return files.find(({ type }) => type.startsWith("image/")) ?? files[0];
}
