import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { DatasetOverviews } from "../../../src/data/dataset_overviews.ts";
import { decodeWebp } from "../../../src/data/decode_webp.ts";
import { ShardWriter } from "../../../src/data/shard.ts";
import { drawThumbnail } from "../../../src/data/thumbnail.ts";
import { ATLAS_COLUMNS, ATLAS_IMAGES } from "../../../src/domain/atlas.ts";
import { DomainError } from "../../../src/domain/errors.ts";

const IMAGES = ATLAS_IMAGES + 70;
const VERSION = { dataset: "ds_01M88C9NZ84RN64FWBFXK166V1", fingerprint: `sha256:${"ab".repeat(32)}` };
/** A grey of its own for each image, far enough from the next in number for what is lossy. */
const greyOf = (n: number): number => 20 + 60 * (n % 4);

async function withDataset(
  check: (overviews: (keepBytes?: number) => DatasetOverviews, dataDir: string) => Promise<void>,
): Promise<void> {
  const dataDir = await Deno.makeTempDir({ prefix: "latentd-overviews-" }),
    datasets = join(dataDir, "datasets");
  await Deno.mkdir(datasets);
  const writer = new ShardWriter(join(datasets, VERSION.dataset));
  for (let n = 0; n < IMAGES; n++) {
    const image = {
      width: 40 + n % 3,
      height: 30,
      pixels: new Uint8Array(3 * 30 * (40 + n % 3)).fill(greyOf(n)),
    };
    writer.add(`${n}.png`, image, n % 3 === 0 ? 1 : 0, n % 5 - 1);
  }
  const summary = { fingerprint: VERSION.fingerprint } as never;
  writer.finish({ splits: ["train", "test"], classes: ["a", "b", "c", "d"], summary }, [0, 1, 2, 3], []);
  const opened: DatasetOverviews[] = [];
  try {
    await check((keepBytes) => {
      opened.push(new DatasetOverviews({ directory: join(dataDir, "atlases"), datasets, keepBytes }));
      return opened.at(-1)!;
    }, dataDir);
  } finally {
    for (const one of opened) one.close();
    await Deno.remove(dataDir, { recursive: true });
  }
}

Deno.test("drawThumbnail() takes the middle square, shrunk to means and enlarged by repeating", () => {
  const draw = (width: number, height: number, value: (x: number, y: number) => number, px: number) => {
    const pixels = Uint8Array.from(
      { length: 3 * width * height },
      (_, i) => value(Math.floor(i / 3) % width, Math.floor(i / 3 / width)),
    );
    const target = new Uint8ClampedArray(4 * px * px);
    drawThumbnail({ width, height, pixels }, px, target, { width: px, left: 0, top: 0 });
    return Array.from({ length: px * px }, (_, i) => target[4 * i]);
  };
  assertEquals(draw(4, 2, (x, y) => 10 * x + y, 2), [10, 20, 11, 21]);
  assertEquals(draw(2, 6, (_, y) => y, 2), [2, 2, 3, 3]);
  assertEquals(draw(1, 1, () => 7, 2), [7, 7, 7, 7]);
  assertEquals(draw(8, 8, (x) => x < 4 ? 0 : 100, 2), [0, 100, 0, 100]);
  assertEquals(draw(4, 4, (x, y) => (x + y) % 2 * 100, 2), [50, 50, 50, 50]);
});

Deno.test("DatasetOverviews draws each image where its number says, in two atlases, and keeps them", () =>
  withDataset(async (overviews, dataDir) => {
    const all = overviews(), px = 16;
    const [first, again, last] = await Promise.all([0, 0, 1].map((n) => all.atlas(VERSION, n, px)));
    assertEquals(first, again);
    for (const [n, bytes] of [first, last].entries()) {
      const { width, height, pixels } = await decodeWebp(bytes);
      assertEquals([width, height], [ATLAS_COLUMNS * px, ATLAS_COLUMNS * px]);
      for (const i of [0, 1, 31, 32, 69, 70, 500, ATLAS_IMAGES - 1]) {
        const x = i % ATLAS_COLUMNS * px + px / 2, y = Math.floor(i / ATLAS_COLUMNS) * px + px / 2;
        const item = n * ATLAS_IMAGES + i;
        assertAlmostEquals(pixels[3 * (y * width + x)], item < IMAGES ? greyOf(item) : 0, 8, `item ${item}`);
      }
    }
    const folder = join(dataDir, "atlases", "ab".repeat(32));
    const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
    assertEquals(names, ["16-0.webp", "16-1.webp"]);
    await Deno.rename(join(dataDir, "datasets"), join(dataDir, "away"));
    assertEquals(await overviews().atlas(VERSION, 1, px), last);
    await all.keepOnly(new Set([VERSION.fingerprint]));
    assertEquals((await Array.fromAsync(Deno.readDir(folder))).length, 2);
    await all.keepOnly(new Set());
    assertEquals(await Array.fromAsync(Deno.readDir(join(dataDir, "atlases"))), []);
    const gone = await assertRejects(() => all.atlas(VERSION, 1, px), DomainError);
    assertEquals(gone.options.type, "dataset_changed");
  }));

Deno.test("DatasetOverviews keeps what was used last, within its room", () =>
  withDataset(async (overviews, dataDir) => {
    const none = overviews(1), folder = join(dataDir, "atlases", "ab".repeat(32));
    const kept = async () => (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
    let bytes = 0;
    for (const [n, px] of [[0, 16], [1, 16], [0, 24]]) bytes += (await none.atlas(VERSION, n, px)).length;
    assertEquals(await kept(), []);
    const all = overviews(bytes - 1);
    for (const n of [0, 1]) await all.atlas(VERSION, n, 16);
    for (const n of [0, 1]) await Deno.utime(join(folder, `16-${n}.webp`), n + 1, n + 1);
    await all.atlas(VERSION, 0, 16); // used again, so that the other is the oldest
    await all.atlas(VERSION, 0, 24);
    assertEquals(await kept(), ["16-0.webp", "24-0.webp"]);
  }));

Deno.test("DatasetOverviews tells all images' splits and classes, refuses another version, and lets go who went", () =>
  withDataset(async (overviews) => {
    const all = overviews(), { splits, classes, split, class: labels } = await all.columns(VERSION);
    assertEquals([splits, classes], [["train", "test"], ["a", "b", "c", "d"]]);
    assertEquals([...split], Array.from({ length: IMAGES }, (_, n) => n % 3 === 0 ? 1 : 0));
    assertEquals([...labels], Array.from({ length: IMAGES }, (_, n) => n % 5 - 1));
    assert(labels instanceof Int16Array);
    const other = { ...VERSION, fingerprint: `sha256:${"cd".repeat(32)}` };
    for (const ask of [() => all.columns(other), () => all.atlas(other, 0, 16)]) {
      assertEquals((await assertRejects(ask, DomainError)).options.type, "dataset_changed");
    }
    const leave = new AbortController(), going = all.atlas(VERSION, 0, 32, leave.signal);
    leave.abort(new Error("gone"));
    await assertRejects(() => going, Error, "gone");
    assert((await all.atlas(VERSION, 1, 32)).length > 0);
  }));
