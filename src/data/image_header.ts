import { DomainError } from "../domain/errors.ts";

/** What an image says of itself, read without decoding it. */
export interface ImageHeader {
  format: "png" | "jpeg";
  width: number;
  height: number;
}

/** JPEG's frame markers: SOF0 … SOF15 but for DHT (c4), JPG (c8) and DAC (cc). */
const isFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);

/**
 * Reads format and size from the first bytes, so that a small file that claims a huge image is refused before a
 * decoder makes room for it.
 *
 * @throws {DomainError} `malformed` if the bytes are neither a PNG nor a JPEG, or break off before they say their size.
 */
export function readImageHeader(bytes: Uint8Array): ImageHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length >= 8 && view.getUint32(0) === 0x89504e47 && view.getUint32(4) === 0x0d0a1a0a) {
    if (bytes.length < 24) throw broken("PNG");
    return { format: "png", width: view.getUint32(16), height: view.getUint32(20) };
  }
  if (bytes.length >= 3 && bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) {
    for (let at = 2; at + 9 < bytes.length;) {
      if (bytes[at] !== 0xff) throw broken("JPEG");
      const marker = bytes[at + 1];
      if (marker === 0xff) at += 1; // padding
      else if (isFrame(marker)) {
        return { format: "jpeg", width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
      } else at += 2 + view.getUint16(at + 2);
    }
    throw broken("JPEG");
  }
  throw new DomainError("malformed", "Cannot decode the image: the bytes are neither a PNG nor a JPEG", {
    type: "image_format",
  });
}

const broken = (format: string): DomainError =>
  new DomainError("malformed", `Cannot decode the image: the ${format} breaks off in its header`, {
    type: "image_malformed",
  });
