import { assertEquals, assertRejects } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { FileDatasetLibrary } from "../../src/data/dataset_library.ts";
import { encodePng } from "../../src/data/encode_png.ts";
import { DEFAULT_SETTINGS } from "../../src/domain/dataset.ts";
import { DomainError } from "../../src/domain/errors.ts";
import { newId } from "../../src/domain/ids.ts";
import { IngestClient } from "../../src/supervisor/ingest_client.ts";
import { withIngestWorker } from "./ingest_worker.ts";
import { tarOf } from "../unit/data/archive_scene.ts";

const pathOf = (path: string) => fromFileUrl(new URL(`../../${path}`, import.meta.url));

Deno.test("a Parquet file over which its reader would loop for ever ends that dataset, and no process", async () => {
  await withIngestWorker(async (child, directory, said) => {
    const ingester = new IngestClient(child, 5000);
    const library = new FileDatasetLibrary({ directory, ingester, maxUploadBytes: 2 ** 20 });
    const settings = { ...DEFAULT_SETTINGS, max_rejected: 1 };
    const endless = newId("ds"), sound = newId("ds");
    await library.receive(endless, {
      body: (await Deno.open(pathOf("tests/golden/endless.parquet"))).readable,
    });
    const refused = await assertRejects(
      () => library.ingest(endless, "endless", { settings }),
      DomainError,
      "the bytes of a column must be",
    );
    assertEquals(refused.options.type, "archive_malformed");
    assertEquals([...Deno.readDirSync(`${directory}/${endless}`)].map(({ name }) => name), ["upload-00000"]);

    const png = await encodePng({ width: 2, height: 2, pixels: new Uint8Array(12) });
    await library.receive(sound, { body: new Blob([await tarOf({ "a/1.png": png })]).stream() });
    assertEquals((await library.ingest(sound, "sound", { settings })).counts.images, 1);
    assertEquals(said.filter((line) => line.includes("SIGKILL")), []);
  });
});
