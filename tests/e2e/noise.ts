import { packTar } from "modern-tar";
import { encodePng } from "../../src/data/encode_png.ts";
import type { RgbImage } from "../../src/domain/image.ts";
import { RandomStream } from "../../src/domain/philox.ts";

/** An image that compresses to about its own size, and is told from another seed's. */
export function noise(px: number, seed: number): RgbImage {
  const random = new RandomStream(seed, 94), pixels = new Uint8Array(px * px * 3);
  for (let i = 0; i < pixels.length; i++) pixels[i] = random.below(256);
  return { width: px, height: px, pixels };
}

/** A tar of `count` images of noise in two classes. */
export async function noiseTar(count: number, px: number): Promise<Uint8Array<ArrayBuffer>> {
  const bodies = Array.from({ length: count }, (_, n) => encodePng(noise(px, n)));
  return await tarOf(await Promise.all(bodies));
}

/** A tar of images in two classes, in order. */
export async function tarOf(images: Uint8Array[]): Promise<Uint8Array<ArrayBuffer>> {
  return await packTar(
    images.map((body, n) => ({ header: { name: `train/${n % 2}/${n}.png`, size: body.length }, body })),
  );
}
