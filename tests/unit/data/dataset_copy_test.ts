import { assert, assertEquals, assertRejects } from "@std/assert";
import { copyDataset } from "../../../src/data/dataset_copy.ts";

const FILES = 20;
const names = (directory: string) => [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
function makeImages(directory: string): void {
  Deno.mkdirSync(directory);
  for (let i = 0; i < FILES; i++) Deno.writeTextFileSync(`${directory}/shard-${i}.bin`, String(i));
}
async function scene(check: (from: string, root: string) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir(), from = `${root}/from`;
  await Deno.mkdir(from);
  try {
    await check(from, root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("copyDataset() takes what waits, the latest images and the reports, by links where nothing changes", () =>
  scene(async (from, root) => {
    for (const name of ["images", "images-1", "images.tmp"]) makeImages(`${from}/${name}`);
    for (const name of ["upload-00002", "failed_parts.json", "x.spool"]) {
      Deno.writeTextFileSync(`${from}/${name}`, name);
    }
    Deno.writeTextFileSync(`${from}/upload-00003.json`, JSON.stringify({ path: "/elsewhere" }));
    const bytes = await copyDataset(from, `${root}/to`);
    assertEquals(names(`${root}/to`), [
      ...["failed_parts.json", "images-1", "upload-00002", "upload-00003.json"],
    ]);
    assertEquals(names(`${root}/to/images-1`).length, FILES);
    const inode = (path: string) => Deno.statSync(path).ino;
    assertEquals(inode(`${root}/to/upload-00002`), inode(`${from}/upload-00002`));
    assert(inode(`${root}/to/failed_parts.json`) !== inode(`${from}/failed_parts.json`)); // written in place
    assertEquals(bytes, 12 + 17 + JSON.stringify({ path: "/elsewhere" }).length + 10 + 2 * (FILES - 10));
    await assertRejects(() => copyDataset(`${root}/none`, `${root}/nothing`), Deno.errors.NotFound);
  }));

Deno.test("copyDataset() takes whole images while others take their place", () =>
  scene(async (from, root) => {
    makeImages(`${from}/images`);
    // As often as copies have a chance to end at all, on a machine however busy.
    let stopped = false, generation = 0, pauseMs = 10;
    const replacing = (async () => {
      for (; !stopped; generation++) {
        makeImages(`${from}/images.tmp`);
        await Deno.rename(`${from}/images.tmp`, `${from}/images-${generation + 1}`);
        await Deno.remove(`${from}/images${generation === 0 ? "" : `-${generation}`}`, { recursive: true });
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    })();
    try {
      for (let copy = 0; copy < 20; copy++) {
        const start = performance.now();
        await copyDataset(from, `${root}/${copy}`);
        pauseMs = Math.max(10, performance.now() - start);
        const [images, ...others] = names(`${root}/${copy}`);
        assertEquals([others, names(`${root}/${copy}/${images}`).length], [[], FILES]);
      }
    } finally {
      stopped = true;
      await replacing;
    }
    assert(generation > 3, `the images were replaced ${generation} times only`);
  }));
