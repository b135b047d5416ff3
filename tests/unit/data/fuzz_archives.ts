// A child of fuzz_test.ts: reads damaged archives and says after each that it is through. Every twentieth is ingested, and
// so written as a dataset would be. Arguments: a folder to write to, how many of each kind, and the
// golden Parquet files.
import { deflateRawSync } from "node:zlib";
import { join } from "@std/path";
import { readSamples } from "../../../src/data/dataset_format.ts";
import { ingestArchive } from "../../../src/data/ingest.ts";
import { removeTree } from "../../../src/files/durable.ts";
import { DEFAULT_SETTINGS } from "../../../src/domain/dataset.ts";
import { DomainError } from "../../../src/domain/errors.ts";
import { type Bytes, concat, gzip, tarOf, text, zipOf } from "./archive_scene.ts";
import { damage, drawer } from "./damage.ts";
import { parquetOf } from "./parquet_scene.ts";

const INGESTED = 20;
const [folder, count, golden] = Deno.args, draw = drawer(20_261_126);
const image: Bytes = Uint8Array.from({ length: 600 }, () => draw(256));
const csv = "file_name,label\n" + Array.from({ length: 30 }, (_, n) => `${n}.png,"a, ""b"" ${n}"\n`).join("");
const jsonl = Array.from({ length: 30 }, (_, n) => JSON.stringify({ file_name: `${n}.png`, label: n })).join(
  "\n",
);
const record = (label: number) => concat([Uint8Array.of(label), new Uint8Array(3072)]);
const tar = await tarOf({
  "train/a/1.png": image,
  "test/b/2.png": image,
  ["deep/".repeat(30) + "3.png"]: image,
});
const { cases }: { cases: { file: string }[] } = JSON.parse(Deno.readTextFileSync(golden));
const images = [image, image, image.subarray(1)].map((bytes, n) => ({ bytes, path: `${n}.png` }));
const KINDS: Record<string, Bytes[]> = {
  tar: [tar],
  "tar.gz": [await gzip(tar)],
  zip: [zipOf([
    { name: text("a/1.png"), body: image },
    { name: text("b.png"), body: deflateRawSync(image), method: 8, declared: image.length },
    { name: text("../../c.png"), body: image },
  ])],
  webdataset: [
    await tarOf({ "1.png": image, "1.cls": "4", "2.json": '{"label":"x"}', "2.png": image, "2.pkl": "c" }),
  ],
  cifar: [
    concat([record(1), record(2)]),
    await tarOf({
      "data_batch_1.bin": concat([record(3), record(4)]),
      "batches.meta.txt": "a\nb\nc\nd\ne\n",
    }),
  ],
  metadata: [
    await tarOf({ "metadata.csv": csv, "1.png": image }),
    await tarOf({ "metadata.jsonl": jsonl, "2.png": image }),
  ],
  parquet: [
    ...cases.map(({ file }) => Uint8Array.fromBase64(file)),
    ...(["SNAPPY", "UNCOMPRESSED", "BROTLI"] as const).map((codec) =>
      parquetOf(images, { labels: [0n, 1n, null], names: ["a", "b"], codec, rowGroupSize: 2 })
    ),
  ],
};

const path = join(folder, "upload"), dataset = join(folder, "dataset");
/** Takes anything for a pixel: it is the archive that is tried here. */
const decoder = { decode: () => Promise.resolve({ width: 1, height: 1, pixels: new Uint8Array(3) }) };
const settings = { ...DEFAULT_SETTINGS, max_rejected: 1 };
for (const [kind, files] of Object.entries(KINDS)) {
  for (let n = 0; n < Number(count); n++) {
    Deno.writeFileSync(path, damage(files[draw(files.length)], draw));
    let outcome = "read";
    try {
      if (n % INGESTED === 0) await ingestArchive(kind, path, dataset, decoder, { settings });
      else for await (const _ of readSamples(path));
    } catch (error) {
      outcome = error instanceof DomainError ? "refused" : `fault: ${error}`;
    }
    await removeTree(dataset);
    console.log(`${kind} ${n} ${outcome}`);
  }
}
