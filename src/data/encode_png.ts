// The encoder by itself is JavaScript over the platform's deflate; the package's entry would load a native addon.
import png from "imagescript/png/node.js";
import type { RgbImage } from "../domain/image.ts";

/** An image as a PNG file, 8-bit RGB. */
export function encodePng({ width, height, pixels }: RgbImage): Promise<Uint8Array> {
  return png.encode(pixels, { width, height, channels: 3, depth: 8, level: 1 });
}
