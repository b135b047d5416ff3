import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { FileDatasetLibrary } from "../../../src/data/dataset_library.ts";
import { decodeImage } from "../../../src/data/decode.ts";
import { encodePng } from "../../../src/data/encode_png.ts";
import { importPath } from "../../../src/data/import_roots.ts";
import { ingesterWith } from "../../../src/data/ingest.ts";
import { DomainError } from "../../../src/domain/errors.ts";
import { newId } from "../../../src/domain/ids.ts";
import { tarOf } from "./archive_scene.ts";

const TASK = { settings: { short_side: 64, max_rejected: 0.5 } };
const plain = (value: number) => encodePng({ width: 2, height: 2, pixels: new Uint8Array(12).fill(value) });

/** A root with a folder of images and a tar of the same, and a place outside of it. */
async function withRoot(use: (root: string, outside: string) => Promise<void>): Promise<void> {
  const directory = await Deno.realPath(await Deno.makeTempDir({ prefix: "latentd-import-" }));
  const root = join(directory, "root"), outside = join(directory, "rooted");
  try {
    const files: Record<string, Uint8Array> = {
      "train/cat/1.png": await plain(1),
      "train/dog/2.png": await plain(2),
      "train/dog/10.png": await plain(3),
      "test/cat/1.png": await plain(4),
    };
    for (const [path, bytes] of Object.entries(files)) {
      Deno.mkdirSync(join(root, "photos", path, ".."), { recursive: true });
      Deno.writeFileSync(join(root, "photos", path), bytes);
    }
    Deno.mkdirSync(outside);
    Deno.writeTextFileSync(join(outside, "secret"), "a secret");
    Deno.symlinkSync(join(outside, "secret"), join(root, "photos/train/cat/link.png"));
    Deno.symlinkSync(outside, join(root, "way-out"));
    const sorted = Object.fromEntries(Object.entries(files).sort(([a], [b]) => a < b ? -1 : 1));
    Deno.writeFileSync(join(root, "photos.tar"), await tarOf(sorted));
    await use(root, outside);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("a folder and a tar under IMPORT_ROOTS are read where they lie, and stay there", async () => {
  await withRoot(async (root) => {
    const told: unknown[] = [];
    for (const name of ["photos", "photos.tar"]) {
      const directory = await Deno.makeTempDir({ prefix: "latentd-imported-" }), id = newId("ds");
      const ingester = ingesterWith({ decode: (bytes) => decodeImage(bytes) });
      const library = new FileDatasetLibrary({
        ...{ directory, ingester, maxUploadBytes: 10, importRoots: [root] },
      });
      assertEquals(await library.receive(id, { path: join(root, name) }), 0);
      const { counts, ...summary } = await library.ingest(id, name, TASK);
      told.push(summary);
      assertEquals(counts.images, 4);
      assertEquals(
        (await library.rejected(id, { limit: 9 })).data,
        name === "photos.tar" ? [] : [
          { path: "train/cat/link.png", reason: "it is a link or a device, not a file" },
        ],
      );
      assertEquals([...Deno.readDirSync(join(directory, id))].map(({ name }) => name), ["images"]);
      Deno.lstatSync(join(root, name));
      await Deno.remove(directory, { recursive: true });
    }
    assertEquals(told[0], told[1]);
  });
});

Deno.test("what is to be imported and is gone when its turn comes fails the dataset by that name", async () => {
  await withRoot(async (root) => {
    const directory = await Deno.makeTempDir({ prefix: "latentd-imported-" }), id = newId("ds");
    const ingester = ingesterWith({ decode: (bytes) => decodeImage(bytes) });
    const library = new FileDatasetLibrary({ directory, ingester, maxUploadBytes: 10, importRoots: [root] });
    await library.receive(id, { path: join(root, "photos.tar") });
    Deno.removeSync(join(root, "photos.tar"));
    await assertRejects(() => library.ingest(id, "gone", TASK), DomainError, "it is not there any more");
    await Deno.remove(directory, { recursive: true });
  });
});

Deno.test("only what lies under a root may be imported, by no detour, and of the rest nothing is told", async () => {
  await withRoot(async (root, outside) => {
    const code = async (path: string, roots = [root]) =>
      (await assertRejects(() => importPath(path, roots), DomainError) as DomainError).code;
    assertEquals(await importPath(root, [root]), root);
    assertEquals(await importPath(`${root}//photos/../photos.tar`, [root]), join(root, "photos.tar"));
    assertEquals(await code(join(root, "photos.tar"), []), "forbidden");
    assertEquals(await code(join(root, "nothing")), "invalid");
    assertEquals(await code(join(root, "photos.tar/x")), "invalid");
    for (
      const path of [
        ...["/", "/etc/passwd", "photos", "./photos", "../rooted/secret", `${root}/../rooted/secret`],
        ...[join(root, "way-out"), join(root, "way-out/secret"), join(root, "photos/train/cat/link.png")],
        ...[outside, `${root}ed/secret`, `${outside}/nothing`, `${root}\0/x`, "file:///etc/passwd", "~/x"],
      ]
    ) assertEquals(await code(path), "forbidden", path);
    const told = await Promise.all(
      ["secret", "nothing"].map((name) =>
        importPath(join(outside, name), [root]).catch((error) => error.message.replace(name, ""))
      ),
    );
    assertEquals(told[0], told[1]);
  });
});
