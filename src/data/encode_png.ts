import { encode } from "fast-png";
import type { RgbImage } from "../domain/image.ts";

/** An image as a PNG file, 8-bit RGB. */
export function encodePng({ width, height, pixels }: RgbImage): Promise<Uint8Array<ArrayBuffer>> {
  const image = { width, height, data: pixels, channels: 3, depth: 8 } as const;
  return Promise.resolve(encode(image, { zlib: { level: 6 } }) as Uint8Array<ArrayBuffer>);
}
