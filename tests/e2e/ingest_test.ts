import { assert, assertEquals } from "@std/assert";
import { packTar } from "modern-tar";
import { encodePng } from "../../src/data/encode_png.ts";
import { noise, tarOf } from "./noise.ts";
import { TestServer } from "./server.ts";

const IMAGES = 600, PX = 256;

/** One image under many names, of noise so that decoding it takes a while. */
const slowArchive = async () => tarOf(Array(IMAGES).fill(await encodePng(noise(PX, 11))));

Deno.test({
  name: "an ingest that a crash cuts short is done again, and one that is deleted leaves nothing",
  // The server and its children outlive their tests; the last step ends them.
  sanitizeOps: false,
  sanitizeResources: false,
}, async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "latentd-e2e-ingest-" }), tar = await slowArchive();
  const env = { DECODE_WORKERS: "1" };
  let server = await TestServer.start(dataDir, env);
  const upload = async (): Promise<string> => {
    const headers = { "Content-Type": "application/x-tar" };
    const path = "/v1/datasets?name=noise&short_side=32&max_rejected=0.25";
    return (await (await server.fetch(path, { method: "POST", headers, body: tar })).json()).id;
  };
  const underWay = (id: string) =>
    server.until(() => server.json(`/v1/datasets/${id}`), ({ status, progress }) => {
      assertEquals(status, "ingesting", "it was done before it could be cut short");
      return (progress as { images: number } | undefined)?.images !== undefined;
    });
  const contents = (directory: string) => [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
  try {
    const id = await upload();
    const { progress, settings } = await underWay(id) as unknown as {
      progress: Record<string, number>;
      settings: unknown;
    };
    assert(progress.images < IMAGES && progress.bytes_read > 0 && progress.bytes_total === tar.length);
    assertEquals(contents(`${dataDir}/datasets/${id}`), ["images.tmp", "upload-00000"]);
    await server.crash();
    server = await TestServer.start(dataDir, env);
    const ready = await server.until(
      () => server.json(`/v1/datasets/${id}`),
      ({ status }) => status !== "ingesting",
    ) as unknown as {
      status: string;
      counts: unknown;
      duplicates: unknown;
      settings: unknown;
      progress?: unknown;
    };
    assertEquals([ready.status, ready.progress], ["ready", undefined]);
    assertEquals(ready.counts, { images: IMAGES, rejected: 0, bytes: IMAGES * 32 * 32 * 3 });
    assertEquals(ready.duplicates, { within: IMAGES - 1, across: 0, across_with_labels: [] });
    assertEquals(ready.settings, settings);
    assertEquals(contents(`${dataDir}/datasets/${id}`), ["images"]);

    const other = await upload();
    await underWay(other);
    for (const dataset of [other, id]) {
      const gone = await server.fetch(`/v1/datasets/${dataset}`, { method: "DELETE" });
      assertEquals([gone.status, await gone.text()], [204, ""]);
    }
    assertEquals(contents(`${dataDir}/datasets`), []);
    assertEquals(await server.statusOf(`/v1/datasets/${other}`), 404);
  } finally {
    await server.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
});

Deno.test({
  name: "an import that a crash cuts short is read again where it lies, which stays as it is",
  // The server and its children outlive their tests; the last line ends them.
  sanitizeOps: false,
  sanitizeResources: false,
}, async () => {
  const outer = await Deno.realPath(await Deno.makeTempDir({ prefix: "latentd-e2e-import-" }));
  const root = `${outer}/root`, dataDir = `${outer}/data`, tar = await slowArchive();
  await Deno.mkdir(root);
  await Deno.writeFile(`${root}/noise.tar`, tar);
  const env = { DECODE_WORKERS: "1", IMPORT_ROOTS: root };
  let server = await TestServer.start(dataDir, env);
  try {
    const imported = { name: "noise", short_side: 32, source: { path: `${root}/noise.tar` } };
    const { id } = await (await server.post("/v1/datasets", imported)).json();
    await server.until(() => server.json(`/v1/datasets/${id}`), ({ status, progress }) => {
      assertEquals(status, "ingesting", "it was done before it could be cut short");
      return ((progress as { images: number } | undefined)?.images ?? 0) > 0;
    });
    await server.crash();
    server = await TestServer.start(dataDir, env);
    const { status, counts } = await server.until(
      () => server.json(`/v1/datasets/${id}`),
      ({ status }) => status !== "ingesting",
    );
    assertEquals([status, counts], ["ready", { images: IMAGES, rejected: 0, bytes: IMAGES * 32 * 32 * 3 }]);
    assertEquals([...Deno.readDirSync(`${dataDir}/datasets/${id}`)].map(({ name }) => name), ["images"]);
    assertEquals(await Deno.readFile(`${root}/noise.tar`), tar);
  } finally {
    await server.stop();
    await Deno.remove(outer, { recursive: true });
  }
});

Deno.test({
  name: "every format is decoded by the real worker, with the permissions that the server gives it",
  // The server and its children outlive their tests; the last line ends them.
  sanitizeOps: false,
  sanitizeResources: false,
}, async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "latentd-e2e-formats-" });
  const { cases }: { cases: { name: string; file: string }[] } = JSON.parse(
    await Deno.readTextFile(new URL("../golden/decode.json", import.meta.url)),
  );
  const files = cases.map(({ name, file }) => ({ name, body: Uint8Array.fromBase64(file) }));
  const server = await TestServer.start(dataDir);
  try {
    const response = await server.fetch("/v1/datasets?name=formats", {
      method: "POST",
      headers: { "Content-Type": "application/x-tar" },
      body: await packTar(files.map(({ name, body }) => ({ header: { name, size: body.length }, body }))),
    });
    const { id } = await response.json();
    const { counts, error } = await server.until(
      () => server.json(`/v1/datasets/${id}`),
      ({ status }) => status !== "ingesting",
    ) as Record<string, unknown>;
    assertEquals([error, (counts as { images: number }).images], [undefined, files.length]);
  } finally {
    await server.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
});
