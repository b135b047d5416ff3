import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { packTar } from "modern-tar";
import { decodeImage } from "../../src/data/decode.ts";
import { encodePng } from "../../src/data/encode_png.ts";
import { AUGMENTATIONS } from "../../src/domain/augmentation.ts";
import type { RgbImage } from "../../src/domain/image.ts";
import { noise } from "./noise.ts";
import { TestServer } from "./server.ts";

/** White between the two views, in pixels. */
const GAP = 4;
/** Requests for views whose client goes away. */
const ABORTED = 12;
/** What an original of each kind is served as, and the end of its name. */
const KINDS: Record<string, [mediaType: string, extension: string]> = {
  "png rgb": ["image/png", "png"],
  "jpeg progressive": ["image/jpeg", "jpeg"],
  "gif animation": ["image/gif", "gif"],
  "tiff little-endian, rgb": ["image/tiff", "tiff"],
  "tiff big-endian, rgb": ["image/tiff", "tiff"],
  "webp lossy": ["image/webp", "webp"],
  "bmp rgb": ["image/bmp", "bmp"],
  "pnm bilevel": ["image/x-portable-bitmap", "pbm"],
  "pnm gray, 16 bits": ["image/x-portable-graymap", "pgm"],
  "pnm rgb": ["image/x-portable-pixmap", "ppm"],
};
/** An image of so many pixels has views of so many, where the query does not say. */
const SIDES = [{ image: 32, views: 32 }, { image: 80, views: 224 }];

const { cases }: { cases: { name: string; file: string }[] } = JSON.parse(
  await Deno.readTextFile(new URL("../golden/decode.json", import.meta.url)),
);
/** Files by the path that they have in the archive: the two of noise, then one of each kind. */
const files: Record<string, Uint8Array<ArrayBuffer>> = {};
for (const { image } of SIDES) files[`noise-${image}.png`] = (await encodePng(noise(image, image))).slice();
for (const name of Object.keys(KINDS)) {
  // Every one has the same name: what it is, its bytes tell.
  files[`${name}/image.png`] = Uint8Array.fromBase64(cases.find((golden) => golden.name === name)!.file);
}
const tar = await packTar(
  Object.entries(files).map(([name, body]) => ({ header: { name, size: body.length }, body })),
);

function viewsOf({ width, height, pixels }: RgbImage): [view1: RgbImage, view2: RgbImage] {
  const px = height, between: number[] = [];
  const views = [0, 1].map(() => ({ width: px, height: px, pixels: new Uint8Array(3 * px * px) }));
  for (let y = 0; y < height; y++) {
    const row = pixels.subarray(3 * y * width, 3 * (y + 1) * width);
    views[0].pixels.set(row.subarray(0, 3 * px), 3 * y * px);
    views[1].pixels.set(row.subarray(3 * (px + GAP)), 3 * y * px);
    between.push(...row.subarray(3 * px, 3 * (px + GAP)));
  }
  assertEquals(between, Array(3 * GAP * height).fill(255));
  return [views[0], views[1]];
}

Deno.test({
  name: "views and originals, end to end",
  // The server and its children outlive their steps; the last line ends them.
  sanitizeOps: false,
  sanitizeResources: false,
}, async (context) => {
  const dataDir = await Deno.makeTempDir({ prefix: "latentd-e2e-views-" });
  const server = await TestServer.start(dataDir);
  async function taken(query: string): Promise<{ id: string; items: { n: number; path: string }[] }> {
    const { id } = await server.json(`/v1/datasets?name=views&${query}`, {
      method: "POST",
      headers: { "Content-Type": "application/x-tar" },
      body: tar,
    });
    const dataset = await server.until(
      () => server.json(`/v1/datasets/${id}`),
      ({ status }) => status !== "ingesting",
    );
    assertEquals([dataset.status, dataset.counts], [
      "ready",
      { ...dataset.counts as object, images: Object.keys(files).length, rejected: 0 },
    ]);
    const { data } = await server.json(`/v1/datasets/${id}/items`);
    return { id: id as string, items: data as { n: number; path: string }[] };
  }
  try {
    const kept = await taken("originals=true"), bare = await taken("originals=false");
    const ask = (query: string, init?: RequestInit) =>
      server.fetch(`/v1/datasets/${kept.id}/views?${query}`, init);
    const numberOf = (path: string) => kept.items.find((item) => item.path === path)!.n;
    const small = numberOf("noise-32.png");
    await server.child("embed");
    const png = async (query: string) => {
      const response = await ask(query);
      assertEquals([response.status, response.headers.get("Content-Type")], [200, "image/png"], query);
      return await response.bytes();
    };
    const decoded = async (query: string) => await decodeImage(await png(query));

    await context.step("two views stand side by side, of the size asked for or the image's own", async () => {
      for (const { image, views } of SIDES) {
        for (const px of [undefined, 8, 100]) {
          const query = `item=${numberOf(`noise-${image}.png`)}` + (px ? `&px=${px}` : "");
          const { width, height } = await decoded(query);
          assertEquals([width, height], [2 * (px ?? views) + GAP, px ?? views], query);
        }
      }
    });

    await context.step("every preset makes two views; `none` leaves the image as it is, twice", async () => {
      for (const preset of AUGMENTATIONS) {
        const [view1, view2] = viewsOf(await decoded(`item=${small}&preset=${preset}`));
        if (preset === "none") assertEquals([view1, view2], [noise(32, 32), noise(32, 32)]);
        else assertNotEquals(view1, view2, preset);
      }
    });

    await context.step(
      "a seed draws the same views each time, and other ones than another seed",
      async () => {
        for (const preset of AUGMENTATIONS) {
          const [first, again, other] = [
            await png(`item=${small}&preset=${preset}&seed=7`),
            await png(`item=${small}&preset=${preset}&seed=7`),
            await png(`item=${small}&preset=${preset}&seed=8`),
          ];
          assertEquals(first, again, preset);
          if (preset !== "none") assertNotEquals(first, other, preset);
        }
        // Left out, the seed is 0.
        assertEquals(await png(`item=${small}`), await png(`item=${small}&seed=0`));
      },
    );

    await context.step("a query that cannot be answered is refused with its field", async () => {
      const wrong = {
        ...{
          "": "item",
          "item=-1": "item",
          "item=one": "item",
          "item=0.5": "item",
          "item=0&seed=-1": "seed",
        },
        ...{ "item=0&seed=9007199254740992": "seed", "item=0&preset=vivid": "preset" },
        ...{ "item=0&px=7": "px", "item=0&px=513": "px", "item=0&px=": "px" },
      };
      for (const [query, field] of Object.entries(wrong)) {
        const response = await ask(query), body = await response.json();
        const fields = body.errors?.map(({ pointer }: { pointer: string }) => pointer);
        assertEquals([response.status, [...new Set(fields)]], [422, [`#/query/${field}`]], query);
      }
      const absent = await ask(`item=${kept.items.length}`);
      assertEquals([absent.status, (await absent.json()).detail], [
        404,
        `Cannot find image ${kept.items.length} of ${kept.id}: it has ${kept.items.length}`,
      ]);
    });

    await context.step("views that nobody waits for any more are not made", async () => {
      const px = 256, query = `item=${small}&px=${px}`, viewBytes = 3 * px * (2 * px + GAP);
      const before = await png(query), embed = await server.child("embed");
      /** Bytes, as the kernel counts them; cat, because Deno itself reads no such file. */
      const written = () => {
        const { stdout } = new Deno.Command("cat", { args: [`/proc/${embed}/io`] }).outputSync();
        return Number(/^wchar: (\d+)/m.exec(new TextDecoder().decode(stdout))![1]);
      };
      const start = written();
      assertEquals(await png(query), before);
      const one = written() - start; // what a request makes the process write: its pixels, and little else
      assert(one >= viewBytes && one < 1.5 * viewBytes, `${one} of ${viewBytes}`);
      Deno.kill(embed, "SIGSTOP"); // so that all of them wait
      const gone = new AbortController();
      const asked = Promise.allSettled(
        Array.from({ length: ABORTED }, (_, seed) => ask(`${query}&seed=${seed}`, gone)),
      );
      await server.statusOf("/healthz");
      gone.abort();
      assertEquals((await asked).map(({ status }) => status), Array(ABORTED).fill("rejected"));
      await server.statusOf("/healthz"); // by now the server has seen them go
      const end = written();
      Deno.kill(embed, "SIGCONT");
      assertEquals(await png(query), before);
      // The last, and the one that may have begun before it was heard that nobody waits.
      const made = (written() - end) / one;
      assert(made < 3, `${made} views were made`);
    });

    await context.step(
      "without the process that has the GPU it is 503, and after it the same views",
      async () => {
        const before = await png(`item=${small}`), embed = await server.child("embed");
        Deno.kill(embed, "SIGSTOP");
        const met = ask(`item=${small}`);
        await server.statusOf("/healthz");
        Deno.kill(embed, "SIGKILL");
        for (const response of [await met, await ask(`item=${small}`)]) {
          const { error } = await response.json();
          assertEquals([response.status, response.headers.get("Retry-After"), error.code], [
            ...[503, "2", "worker_not_ready"],
          ]);
        }
        const back = await server.until(() => ask(`item=${small}`), ({ status }) => status !== 503);
        assertEquals([back.status, await back.bytes()], [200, before]);
        assertNotEquals(await server.child("embed"), embed);
      },
    );

    await context.step("an original is what was uploaded, byte for byte, by its right name", async () => {
      for (const { n, path } of kept.items) {
        const response = await server.fetch(`/v1/datasets/${kept.id}/items/${n}/original`);
        const [mediaType, extension] = KINDS[path.split("/")[0]] ?? KINDS["png rgb"];
        assertEquals([response.status, response.headers.get("Content-Type")], [200, mediaType], path);
        assertEquals(
          response.headers.get("Content-Disposition"),
          `attachment; filename="${kept.id}-${n}.${extension}"`,
        );
        const bytes = await response.bytes();
        assertEquals(bytes, files[path], path);
        const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
        assertEquals(response.headers.get("ETag"), `"${hash}"`);
      }
    });

    await context.step("an original that was not kept, or of no image, is 404 and says why", async () => {
      for (
        const [{ id }, n, why] of [
          [bare, 0, "uploaded with originals=true"],
          [kept, kept.items.length, `it has ${kept.items.length} images`],
        ] as const
      ) {
        const response = await server.fetch(`/v1/datasets/${id}/items/${n}/original`);
        const { detail } = await response.json();
        assertEquals(response.status, 404);
        assert(detail.endsWith(why), detail);
      }
    });
  } finally {
    await server.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
});
