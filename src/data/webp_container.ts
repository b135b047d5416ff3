/** A WebP's parts that a still image is made of. */
export interface Webp {
  /** Of the canvas. */
  width: number;
  height: number;
  exif?: Uint8Array;
  /** Where an animation's first frame stands on the canvas; a still image fills it. */
  frame: { left: number; top: number; width: number; height: number };
  /** The image as a file of its own: an animation's first frame, without anything around it. */
  still: Uint8Array<ArrayBuffer>;
}

interface Chunk {
  type: string;
  data: Uint8Array<ArrayBuffer>;
}

/**
 * Takes a WebP apart. Sizes that contradict each other are refused: decoders make room by the innermost.
 *
 * Source: https://developers.google.com/speed/webp/docs/riff_container; RFC 9649.
 *
 * @throws {Error} If it breaks off before its first image, or its sizes disagree.
 */
export function readWebp(bytes: Uint8Array): Webp {
  const chunks = chunksOf(bytes.slice(12)), extended = chunks.find(({ type }) => type === "VP8X")?.data;
  const animation = chunks.find(({ type }) => type === "ANMF")?.data;
  const parts = animation ? chunksOf(animation.slice(16)) : chunks;
  const image = parts.find(({ type }) => type === "VP8 " || type === "VP8L");
  if (!image) throw new Error("it has no image");
  const size = sizeOf(image);
  const canvas = extended ? { width: 1 + uint24(extended, 4), height: 1 + uint24(extended, 7) } : size;
  const frame = { left: 0, top: 0, ...size };
  if (animation) {
    [frame.left, frame.top] = [2 * uint24(animation, 0), 2 * uint24(animation, 3)];
    if (1 + uint24(animation, 6) !== size.width || 1 + uint24(animation, 9) !== size.height) {
      throw new Error("its frame has two sizes");
    }
  } else if (canvas.width !== size.width || canvas.height !== size.height) {
    throw new Error("it has two sizes");
  }
  if (frame.left + frame.width > canvas.width || frame.top + frame.height > canvas.height) {
    throw new Error("its frame is larger than it");
  }
  const exif = chunks.find(({ type }) => type === "EXIF")?.data;
  // Some write JPEG's prefix before the EXIF data.
  const isPrefixed = exif && String.fromCharCode(...exif.subarray(0, 6)) === "Exif\0\0";
  return { ...canvas, frame, still: fileOf(image), exif: isPrefixed ? exif.subarray(6) : exif };
}

function chunksOf(bytes: Uint8Array<ArrayBuffer>): Chunk[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), chunks: Chunk[] = [];
  for (let at = 0; at + 8 <= bytes.length;) {
    const length = view.getUint32(at + 4, true);
    chunks.push({
      type: String.fromCharCode(...bytes.subarray(at, at + 4)),
      data: bytes.subarray(at + 8, at + 8 + length),
    });
    at += 8 + length + (length & 1);
  }
  return chunks;
}

function sizeOf({ type, data }: Chunk): { width: number; height: number } {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (type === "VP8L") {
    const bits = view.getUint32(1, true);
    return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) };
  }
  return { width: view.getUint16(6, true) & 0x3fff, height: view.getUint16(8, true) & 0x3fff };
}

/** A simple file of one chunk: alpha, which is dropped anyway, stays behind. */
function fileOf({ type, data }: Chunk): Uint8Array<ArrayBuffer> {
  const padded = data.length + (data.length & 1), file = new Uint8Array(20 + padded);
  const view = new DataView(file.buffer);
  file.set(new TextEncoder().encode("RIFF????WEBP" + type));
  view.setUint32(4, 12 + padded, true);
  view.setUint32(16, data.length, true);
  file.set(data, 20);
  return file;
}

function uint24(bytes: Uint8Array, at: number): number {
  if (at + 3 > bytes.length) throw new Error("it breaks off");
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16);
}
