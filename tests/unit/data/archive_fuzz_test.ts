import { deflateRawSync } from "node:zlib";
import { assert, assertEquals } from "@std/assert";
import { readSamples } from "../../../src/data/dataset_format.ts";
import { DomainError } from "../../../src/domain/errors.ts";
import { concat, gzip, tarOf, text, zipOf } from "./archive_scene.ts";

/** Numbers in [0, 1) from a fixed seed: a failure is the same the next time. */
function generator(seed: number): () => number {
  return () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}
const FILES = 2000, MAX_MS = 5000;

Deno.test(`${FILES} archives with wrong bytes end in a reason or in samples, none in a fault or a hang`, async () => {
  const random = generator(12345);
  const image = Uint8Array.from({ length: 600 }, () => 256 * random());
  const tar = await tarOf({
    ...{
      "train/a/1.png": image,
      "test/b/2.png": image,
      "metadata.csv": "file_name,label\ntrain/a/1.png,x\n",
    },
  });
  const seeds = [
    ...[tar, await gzip(tar)],
    await tarOf({ "1.png": image, "1.cls": "4", "2.json": "{}", "2.png": image }),
    zipOf([
      { name: text("a/1.png"), body: image },
      { name: text("b.png"), body: deflateRawSync(image), method: 8, declared: image.length },
    ]),
    concat([Uint8Array.of(1), new Uint8Array(3072)]),
  ];
  const path = await Deno.makeTempFile({ prefix: "latentd-fuzz-" }), faults: string[] = [];
  let refused = 0, slowest = 0;
  for (let i = 0; i < FILES; i++) {
    const bytes = seeds[i % seeds.length].slice();
    for (let changes = 1 + Math.floor(8 * random()); changes > 0; changes--) {
      // Half of them near the end, where directories and footers are.
      const from = random() < 0.5 ? Math.max(0, bytes.length - 300) : 0;
      bytes[from + Math.floor((bytes.length - from) * random())] = 256 * random();
    }
    await Deno.writeFile(path, random() < 0.2 ? bytes.slice(0, bytes.length * random()) : bytes);
    const began = performance.now();
    try {
      for await (const _sample of readSamples(path));
    } catch (error) {
      if (error instanceof DomainError) refused++;
      else faults.push(`${i}: ${error}`);
    }
    slowest = Math.max(slowest, performance.now() - began);
  }
  await Deno.remove(path);
  assertEquals(faults, []);
  assert(slowest < MAX_MS, `the slowest took ${slowest} ms`);
  assert(refused > FILES / 4, `only ${refused} were refused: are they wrong at all?`);
});
