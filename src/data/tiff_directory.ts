/** The first image file directory of a TIFF; EXIF data is one too. */
export interface TiffDirectory {
  littleEndian: boolean;
  /** A tag's values, where it is there and made of whole numbers. */
  values(tag: number): number[] | undefined;
}

/** Bytes of the types that hold whole numbers: BYTE, SHORT, LONG. */
const SIZE: Record<number, 1 | 2 | 4 | undefined> = { 1: 1, 3: 2, 4: 4 };

/** What begins a TIFF, in either byte order. */
export const isTiff = (bytes: Uint8Array): boolean =>
  (bytes[0] === 0x49 && bytes[1] === 0x49 && bytes[2] === 42 && bytes[3] === 0) ||
  (bytes[0] === 0x4d && bytes[1] === 0x4d && bytes[2] === 0 && bytes[3] === 42);

/**
 * Reads the first directory. Values are read when they are asked for; later directories are never followed.
 *
 * @param bytes The whole file: offsets count from its start.
 * @throws {Error} If it is no TIFF, or its directory lies outside of it.
 */
export function readTiffDirectory(bytes: Uint8Array): TiffDirectory {
  if (!isTiff(bytes)) throw new Error("it is no TIFF");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const littleEndian = bytes[0] === 0x49;
  const start = view.getUint32(4, littleEndian), count = view.getUint16(start, littleEndian);
  const entries = new Map<number, number>();
  for (let i = 0; i < count; i++) {
    const at = start + 2 + 12 * i;
    if (at + 12 > bytes.length) throw new Error("its directory breaks off");
    const tag = view.getUint16(at, littleEndian);
    if (!entries.has(tag)) entries.set(tag, at);
  }
  const values = (tag: number): number[] | undefined => {
    const entry = entries.get(tag);
    if (entry === undefined) return undefined;
    const size = SIZE[view.getUint16(entry + 2, littleEndian)],
      length = view.getUint32(entry + 4, littleEndian);
    if (!size) return undefined;
    const at = size * length > 4 ? view.getUint32(entry + 8, littleEndian) : entry + 8;
    if (at + size * length > bytes.length) throw new Error(`tag ${tag} lies outside of it`);
    return Array.from(
      { length },
      (_, i) =>
        size === 1
          ? bytes[at + i]
          : size === 2
          ? view.getUint16(at + 2 * i, littleEndian)
          : view.getUint32(at + 4 * i, littleEndian),
    );
  };
  return { littleEndian, values };
}

/** EXIF's orientation, 1 to 8, of a TIFF or of EXIF data; 1 where there is none that can be read. */
export function readOrientation(exif: Uint8Array): number {
  try {
    const [value = 1] = readTiffDirectory(exif).values(274) ?? [];
    return value >= 1 && value <= 8 ? value : 1;
  } catch {
    return 1; // damaged metadata takes nothing from the pixels
  }
}
