import { assertEquals, assertThrows } from "@std/assert";
import { resizeBicubic } from "../../../src/data/resize.ts";

const { cases, pillow } = JSON.parse(
  Deno.readTextFileSync(new URL("../../golden/resize.json", import.meta.url)),
);

for (const { width, height, to, box, pixels, resized } of cases) {
  Deno.test(`resizeBicubic() is Pillow ${pillow}'s, byte for byte: ${width}x${height} to ${to}${box ? ` of ${box}` : ""}`, () => {
    const image = { width, height, pixels: Uint8Array.fromBase64(pixels) };
    const part = box ? { x: box[0], y: box[1], width: box[2] - box[0], height: box[3] - box[1] } : undefined;
    const actual = resizeBicubic(image, to[0], to[1], part);
    assertEquals([actual.width, actual.height], to);
    assertEquals(actual.pixels, Uint8Array.fromBase64(resized));
  });
}
Deno.test("resizeBicubic() refuses sizes that are no positive integers", () => {
  const image = { width: 1, height: 1, pixels: new Uint8Array(3) };
  for (const size of [0, -1, 1.5, NaN]) {
    assertThrows(() => resizeBicubic(image, size, 1), RangeError, "positive integers");
  }
});
