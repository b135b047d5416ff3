import { DomainError } from "../domain/errors.ts";
import { readBmpHeader } from "./decode_bmp.ts";
import { readPnmHeader } from "./decode_pnm.ts";
import { readJpegFrame } from "./jpeg_frame.ts";
import { isTiff, readOrientation, readTiffDirectory } from "./tiff_directory.ts";
import { readWebp } from "./webp_container.ts";

export type ImageFormat = "png" | "jpeg" | "gif" | "tiff" | "webp" | "bmp" | "pnm";

/** What an image says of itself, read without decoding it. */
export interface ImageHeader {
  format: ImageFormat;
  /** As stored: before it is turned upright. */
  width: number;
  height: number;
  /** EXIF's, 1 (upright) to 8. */
  orientation: number;
}

/**
 * Reads format, size and orientation from the bytes, whatever a file's name says, so that a small file that claims a
 * huge image is refused before a decoder makes room for it.
 *
 * @throws {DomainError} `malformed` if there are no bytes (`image_empty`), or they break off before they say their size;
 *   `unsupported_media_type` (`image_format`) if they begin as no format that is read.
 */
export function readImageHeader(bytes: Uint8Array): ImageHeader {
  if (bytes.length === 0) {
    throw new DomainError("malformed", "Cannot decode the image: it is empty", { type: "image_empty" });
  }
  const format = formatOf(bytes);
  if (!format) {
    const reason = "the bytes are no PNG, JPEG, GIF, TIFF, WebP, BMP or binary PNM";
    throw new DomainError("unsupported_media_type", `Cannot decode the image: ${reason}`, {
      type: "image_format",
    });
  }
  try {
    return { format, ...READ[format](bytes) };
  } catch {
    throw new DomainError(
      "malformed",
      `Cannot decode the image: the ${NAMES[format]} breaks off in its header`,
      {
        type: "image_malformed",
      },
    );
  }
}

/** The formats as people write them. */
export const NAMES: Record<ImageFormat, string> = {
  png: "PNG",
  jpeg: "JPEG",
  gif: "GIF",
  tiff: "TIFF",
  webp: "WebP",
  bmp: "BMP",
  pnm: "PNM",
};

type Size = Omit<ImageHeader, "format">;
const READ: Record<ImageFormat, (bytes: Uint8Array) => Size> = {
  png: readPng,
  jpeg: (bytes) => {
    const { width, height, orientation } = readJpegFrame(bytes);
    return { width, height, orientation };
  },
  gif: readGif,
  tiff: readTiff,
  webp: (bytes) => {
    const { width, height, exif } = readWebp(bytes);
    return { width, height, orientation: exif ? readOrientation(exif) : 1 };
  },
  bmp: (bytes) => {
    const { width, height } = readBmpHeader(bytes);
    return { width, height, orientation: 1 };
  },
  pnm: (bytes) => {
    const { width, height } = readPnmHeader(bytes);
    return { width, height, orientation: 1 };
  },
};

function formatOf(bytes: Uint8Array): ImageFormat | undefined {
  const text = String.fromCharCode(...bytes.subarray(0, 12));
  if (text.startsWith("\x89PNG\r\n\x1a\n")) return "png";
  if (text.startsWith("\xff\xd8\xff")) return "jpeg";
  if (/^GIF8[79]a/.test(text)) return "gif";
  if (text.startsWith("RIFF") && text.endsWith("WEBP")) return "webp";
  // Two letters begin many a text: the size of the header that follows must be a bitmap's too.
  if (text.startsWith("BM") && [12, 40, 52, 56, 64, 108, 124].includes(bytes[14]) && bytes[15] === 0) {
    return "bmp";
  }
  if (/^P[456][\s#]/.test(text)) return "pnm";
  return isTiff(bytes) ? "tiff" : undefined;
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function readPng(bytes: Uint8Array): Size {
  const view = viewOf(bytes), size = { width: view.getUint32(16), height: view.getUint32(20) };
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = view.getUint32(at), type = view.getUint32(at + 4);
    if (type === 0x65584966) { // eXIf
      return { ...size, orientation: readOrientation(bytes.subarray(at + 8, at + 8 + length)) };
    }
    at += 12 + length;
  }
  return { ...size, orientation: 1 };
}

/** The screen's size; the first frame must lie within it, for a decoder makes room for the frame. */
function readGif(bytes: Uint8Array): Size {
  const view = viewOf(bytes), width = view.getUint16(6, true), height = view.getUint16(8, true);
  const paletteBytes = (flags: number) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  for (let at = 13 + paletteBytes(bytes[10]);;) {
    const block = view.getUint8(at);
    if (block === 0x2c) {
      const [left, top, across, down] = [1, 3, 5, 7].map((offset) => view.getUint16(at + offset, true));
      if (left + across > width || top + down > height) throw new Error("its frame is larger than it");
      return { width, height, orientation: 1 };
    }
    if (block !== 0x21) throw new Error("there is no frame");
    for (at += 2; view.getUint8(at) > 0;) at += 1 + bytes[at];
    at++;
  }
}

function readTiff(bytes: Uint8Array): Size {
  const { values } = readTiffDirectory(bytes), [width, height] = [256, 257].map((tag) => values(tag)?.[0]);
  if (width === undefined || height === undefined) throw new Error("it does not say its size");
  return { width, height, orientation: readOrientation(bytes) };
}
