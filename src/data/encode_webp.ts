import encodeRgba from "@jsquash/webp/encode.js";

/** Of libwebp's 0 to 6: what the slower ones save is a twentieth, in twice the time. */
const METHOD = 0, QUALITY = 80;

/** An image as a lossy WebP, by libwebp as WebAssembly. @param pixels RGBA, of which A is 255. */
export async function encodeWebp(
  pixels: Uint8ClampedArray<ArrayBuffer>,
  width: number,
  height: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const image = { data: pixels, width, height } as ImageData;
  return new Uint8Array(await encodeRgba(image, { quality: QUALITY, method: METHOD })).slice();
}
