import { assert, assertEquals } from "@std/assert";
import { gzipSync } from "node:zlib";
import { join } from "@std/path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { encodePng } from "../../src/data/encode_png.ts";
import { DEFAULT_SETTINGS } from "../../src/domain/dataset.ts";
import { DomainError } from "../../src/domain/errors.ts";
import { IngestClient } from "../../src/supervisor/ingest_client.ts";
import { withIngestWorker } from "./ingest_worker.ts";

/** Numbers in [0, 1) from a fixed seed: a failure is the same the next time. */
function generator(seed: number): () => number {
  return () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}
const FILES = 400, SILENCE_MS = 4000;

type Write = Parameters<typeof parquetWriteBuffer>[0];
/** Five images of two classes in two row groups; with a repeated one, its column has a dictionary. */
async function parquetOf(codec: Write["codec"], repeated: boolean): Promise<Uint8Array<ArrayBuffer>> {
  const image = async (n: number) => ({
    path: `${n}.png`,
    bytes: await encodePng({ width: 4, height: 4, pixels: new Uint8Array(48).map((_, i) => 7 * i * n) }),
  });
  const features = { image: { _type: "Image" }, label: { _type: "ClassLabel", names: ["a", "b"] } };
  const images = await Promise.all([1, 2, 3, repeated ? 1 : 4, repeated ? 1 : 5].map(image));
  return new Uint8Array(parquetWriteBuffer({
    schema: [
      { name: "root", num_children: 2 },
      { name: "image", num_children: 2, repetition_type: "OPTIONAL" },
      { name: "bytes", type: "BYTE_ARRAY", repetition_type: "OPTIONAL" },
      { name: "path", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
      { name: "label", type: "INT64", repetition_type: "OPTIONAL" },
    ],
    columnData: [{ name: "image", data: images }, { name: "label", data: [0n, 1n, 0n, 1n, null] }],
    kvMetadata: [{ key: "huggingface", value: JSON.stringify({ info: { features } }) }],
    ...{ codec, rowGroupSize: 3, compressors: { GZIP: (bytes) => new Uint8Array(gzipSync(bytes)) } },
  }));
}

Deno.test(`${FILES} Parquet files with wrong bytes end in a reason or in images, or are killed for looping`, async () => {
  const random = generator(54321),
    seeds = await Promise.all([
      parquetOf("SNAPPY", false),
      parquetOf("GZIP", true),
      parquetOf("UNCOMPRESSED", true),
      parquetOf("UNCOMPRESSED", false),
    ]);
  await withIngestWorker(async (child, directory) => {
    const client = new IngestClient(child, SILENCE_MS), faults: string[] = [];
    const archive = join(directory, "fuzzed"), dataset = join(directory, "images-of-it");
    const count = { read: 0, refused: 0, killed: 0 };
    for (let i = 0; i < FILES; i++) {
      const bytes = seeds[i % seeds.length].slice();
      for (let changes = 1 + Math.floor(8 * random()); changes > 0; changes--) {
        // Half of them near the end, where the footer is.
        const from = random() < 0.5 ? Math.max(0, bytes.length - 600) : 0;
        bytes[from + Math.floor((bytes.length - from) * random())] = 256 * random();
      }
      await Deno.writeFile(archive, bytes);
      await Deno.mkdir(dataset);
      try {
        await client.ingest({ name: "fuzz", archive, dataset }, { settings: DEFAULT_SETTINGS });
        count.read++;
      } catch (error) {
        if (!(error instanceof DomainError)) faults.push(`${i}: ${error}`);
        else if (error.message.includes("never comes to an end")) count.killed++;
        else count.refused++;
      }
      await Deno.remove(dataset, { recursive: true });
    }
    assertEquals(faults, []);
    assert(count.refused > FILES / 2, `only ${count.refused} were refused: are they wrong at all?`);
    assert(count.read > 0, "none was read: were they right before?");
    assert(count.killed <= FILES / 50, `${count.killed} made their reader loop`);
    assertEquals([...Deno.readDirSync(directory)].map(({ name }) => name), ["fuzzed"]);
  });
});
