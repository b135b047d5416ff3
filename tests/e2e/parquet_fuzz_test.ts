import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { encodePng } from "../../src/data/encode_png.ts";
import { DEFAULT_SETTINGS } from "../../src/domain/dataset.ts";
import { DomainError } from "../../src/domain/errors.ts";
import { IngestClient } from "../../src/supervisor/ingest_client.ts";
import { damage, drawer } from "../unit/data/damage.ts";
import { parquetOf } from "../unit/data/parquet_scene.ts";
import { withIngestWorker } from "./ingest_worker.ts";

const FILES = 200, SILENCE_MS = 5000;

/** Five images of two classes in two row groups; with a repeated one, its column has a dictionary. */
async function sound(codec: "SNAPPY" | "GZIP" | "UNCOMPRESSED", repeated: boolean) {
  const image = async (n: number) => ({
    path: `${n}.png`,
    bytes: await encodePng({ width: 4, height: 4, pixels: new Uint8Array(48).map((_, i) => 7 * i * n) }),
  });
  const images = await Promise.all([1, 2, 3, repeated ? 1 : 4, repeated ? 1 : 5].map(image));
  return parquetOf(images, { codec, labels: [0n, 1n, 0n, 1n, null], names: ["a", "b"], rowGroupSize: 3 });
}

Deno.test(`${FILES} Parquet files with wrong bytes end in a reason or in images, and end no process`, async () => {
  const draw = drawer(54_321),
    seeds = await Promise.all([
      sound("SNAPPY", false),
      sound("GZIP", true),
      sound("UNCOMPRESSED", true),
      sound("UNCOMPRESSED", false),
    ]);
  await withIngestWorker(async (child, directory, said) => {
    const client = new IngestClient(child, SILENCE_MS), faults: string[] = [];
    const archive = join(directory, "fuzzed"), dataset = join(directory, "images-of-it");
    const count = { read: 0, refused: 0 };
    for (let i = 0; i < FILES; i++) {
      await Deno.writeFile(archive, damage(seeds[i % seeds.length], draw));
      await Deno.mkdir(dataset);
      try {
        await client.ingest({ name: "fuzz", archive, dataset }, { settings: DEFAULT_SETTINGS });
        count.read++;
      } catch (error) {
        if (!(error instanceof DomainError)) faults.push(`${i}: ${error}`);
        else count.refused++;
      }
      await Deno.remove(dataset, { recursive: true });
    }
    assertEquals(faults, []);
    assert(count.refused > FILES / 2, `only ${count.refused} were refused: are they wrong at all?`);
    assert(count.read > 0, "none was read: were they right before?");
    assertEquals(said.filter((line) => line.includes("SIGKILL")), []);
    assertEquals([...Deno.readDirSync(directory)].map(({ name }) => name), ["fuzzed"]);
  });
});
