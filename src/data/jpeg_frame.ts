import { readOrientation } from "./tiff_directory.ts";

/** What a JPEG's segments say before its pixels begin. */
export interface JpegFrame {
  width: number;
  height: number;
  components: number;
  /** EXIF's, 1 to 8. */
  orientation: number;
  /** Whether it has Adobe's segment, which says how colours are stored. */
  adobe: boolean;
}

/** JPEG's frame markers: SOF0 … SOF15 but for DHT (c4), JPG (c8) and DAC (cc). */
const isFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);

/**
 * Walks a JPEG's segments (ITU T.81, Annex B) up to its first scan.
 *
 * @throws {Error} If it breaks off before it says its size.
 */
export function readJpegFrame(bytes: Uint8Array): JpegFrame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let frame: Pick<JpegFrame, "width" | "height" | "components"> | undefined;
  let orientation = 1, adobe = false;
  for (let at = 2; at + 4 <= bytes.length;) {
    const marker = bytes[at + 1], length = view.getUint16(at + 2);
    if (bytes[at] !== 0xff) throw new Error("there is no marker");
    if (marker === 0xff) { // padding
      at++;
      continue;
    }
    if (marker === 0xda) break;
    if (isFrame(marker)) {
      frame ??= {
        height: view.getUint16(at + 5),
        width: view.getUint16(at + 7),
        components: view.getUint8(at + 9),
      };
    }
    const begins = (text: string) =>
      String.fromCharCode(...bytes.subarray(at + 4, at + 4 + text.length)) === text;
    if (marker === 0xe1 && begins("Exif\0\0")) {
      orientation = readOrientation(bytes.subarray(at + 10, at + 2 + length));
    }
    adobe ||= marker === 0xee && begins("Adobe");
    at += 2 + length;
  }
  if (!frame) throw new Error("there is no frame");
  return { ...frame, orientation, adobe };
}
