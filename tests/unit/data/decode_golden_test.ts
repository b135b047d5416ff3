import { assert, assertEquals } from "@std/assert";
import { decodeImage } from "../../../src/data/decode.ts";

interface Case {
  name: string;
  file: string;
  width: number;
  height: number;
  tolerance: number;
  pixels: string;
}
const { cases }: { cases: Case[] } = JSON.parse(
  Deno.readTextFileSync(new URL("../../golden/decode.json", import.meta.url)),
);

Deno.test("decodeImage() makes the pixels that Pillow, or the plain formula, makes", async (t) => {
  assert(cases.length > 80, `only ${cases.length} cases: is this test looking at them?`);
  for (const { name, file, width, height, tolerance, pixels } of cases) {
    await t.step(name, async () => {
      const image = await decodeImage(Uint8Array.fromBase64(file)), expected = Uint8Array.fromBase64(pixels);
      assertEquals([image.width, image.height, image.pixels.length], [width, height, expected.length]);
      const worst = expected.reduce((most, v, i) => Math.max(most, Math.abs(v - image.pixels[i])), 0);
      assert(worst <= tolerance, `${worst}/255 apart, ${tolerance} are allowed`);
    });
  }
});
