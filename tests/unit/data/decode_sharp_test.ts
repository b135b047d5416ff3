import { assert, assertEquals, assertRejects } from "@std/assert";
import { decodeImage } from "../../../src/data/decode.ts";
import { loadSharp } from "../../../src/data/decode_sharp.ts";
import { readTar } from "../../../src/data/tar_archive.ts";
import { ARCHIVE_LIMITS, readEntry } from "../../../src/data/archive.ts";
import { DomainError } from "../../../src/domain/errors.ts";

/** What the two decoders may differ by, of 255: each is within 2 of the exact transform where it is rounded its own way. */
const TOLERANCE = 3;
const PHOTOGRAPHS = new URL("../../../../shared/data/imagenette-224-mini.tar", import.meta.url).pathname;
const missing = await loadSharp().then(() => "", (error) => `: NOT RUN, ${error.message}`);
const noPhotographs = await Deno.stat(PHOTOGRAPHS).then(
  () => "",
  () => ": NOT RUN, there are no photographs here",
);

async function apart(bytes: Uint8Array): Promise<number> {
  const [wasm, sharp] = [await decodeImage(bytes), await decodeImage(bytes, "sharp")];
  assertEquals([wasm.width, wasm.height], [sharp.width, sharp.height]);
  return wasm.pixels.reduce((most, value, i) => Math.max(most, Math.abs(value - sharp.pixels[i])), 0);
}
const { cases }: { cases: { name: string; file: string }[] } = JSON.parse(
  await Deno.readTextFile(new URL("../../golden/decode.json", import.meta.url)),
);
const golden = cases.filter(({ name }) => /jpe?g|webp/i.test(name))
  .map(({ name, file }) => ({ name, bytes: Uint8Array.fromBase64(file) }));

Deno.test({
  name: `sharp and WebAssembly decode every golden JPEG and WebP alike${missing}`,
  ignore: missing !== "",
}, async () => {
  assert(golden.length >= 10, `only ${golden.length}`);
  const found = await Promise.all(golden.map(async ({ name, bytes }) => [name, await apart(bytes)] as const));
  assertEquals(found.filter(([, most]) => most > TOLERANCE), []);
});

Deno.test({
  name: `sharp and WebAssembly decode 200 photographs alike${missing || noPhotographs}`,
  ignore: (missing || noPhotographs) !== "",
}, async () => {
  let most = 0, images = 0;
  for await (const entry of readTar(PHOTOGRAPHS, { gzip: false, limits: ARCHIVE_LIMITS })) {
    const bytes = await readEntry(entry);
    if (bytes[0] !== 0xff) continue;
    most = Math.max(most, await apart(bytes));
    if (++images === 200) break;
  }
  assertEquals(images, 200);
  assert(most <= TOLERANCE, `${most} of 255`);
});

Deno.test(
  { name: `sharp refuses what is cut short or damaged${missing}`, ignore: missing !== "" },
  async () => {
    for (const { name, bytes } of golden.filter(({ bytes }) => bytes.length > 300)) {
      for (const length of [0.3, 0.6, 0.9]) {
        const cut = bytes.slice(0, Math.floor(bytes.length * length));
        const { code } = await assertRejects(
          () => decodeImage(cut, "sharp"),
          DomainError,
          undefined,
          name,
        ) as DomainError;
        assertEquals(code, "malformed", `${name}, ${length}`);
      }
    }
  },
);
