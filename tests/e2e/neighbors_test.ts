// Neighbours over HTTP, held against float64 over the embeddings that the server itself gives; and what becomes of an index
// whose worker is killed over it, and whose dataset goes.
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { modelsOf } from "./models.ts";
import { photographs } from "./photographs.ts";
import { TestServer } from "./server.ts";

const PX = 16;
interface Neighbor {
  n: number;
  path: string;
  split: string;
  class: string | null;
  similarity: number;
  distance: number;
}

/** Straight from the formula. */
function nearest(rows: Float64Array[], query: Float64Array, k: number, eligible: (n: number) => boolean) {
  const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, v, c) => sum + v * b[c], 0);
  const all = rows.map((row, n) => ({
    n,
    similarity: dot(row, query) / Math.sqrt(dot(row, row) * dot(query, query)),
  }));
  return all.filter(({ n }) => eligible(n)).sort((a, b) => b.similarity - a.similarity || a.n - b.n).slice(
    0,
    k,
  );
}

/** Equal but where two are as near as float64 tells: their numbers decide, and rounding which of them are equal. */
function expectNeighbors(found: Neighbor[], expected: { n: number; similarity: number }[]): void {
  assertEquals(found.length, expected.length);
  for (const [i, { n, similarity, distance }] of found.entries()) {
    assertAlmostEquals(similarity, expected[i].similarity, 1e-12);
    assertEquals(distance, 1 - similarity);
    const isTie = expected.some((other) => other.n === n && Math.abs(other.similarity - similarity) < 1e-12);
    assert(n === expected[i].n || isTie, `place ${i}: item ${n}, not ${expected[i].n}`);
  }
}

Deno.test({
  name:
    "neighbors: exact, of photographs and items, through its worker's death, until the dataset is deleted",
  // The server and its children outlive steps; the last line ends them.
  sanitizeOps: false,
  sanitizeResources: false,
}, async (context) => {
  const dataDir = await Deno.makeTempDir({ prefix: "latentd-e2e-neighbors-" });
  const server = await TestServer.start(dataDir);
  const directory = join(dataDir, "neighbors");
  const entries = async () => {
    const names = await Array.fromAsync(Deno.readDir(directory)).catch(() => []);
    return names.map(({ name }) => name);
  };
  try {
    const [model, other] = await modelsOf(server, 2, PX);
    const { id: dataset } = await server.json("/v1/datasets?name=photographs", {
      ...{
        method: "POST",
        headers: { "Content-Type": "application/x-tar" },
        body: (await photographs()).tar,
      },
    });
    const ready = await server.until(
      () => server.json(`/v1/datasets/${dataset}`),
      ({ status }) => status === "ready",
    );
    const { images } = ready.counts as { images: number },
      classes = ready.splits as Record<string, { images: number }>;
    const ask = (body: Record<string, unknown>) => server.post("/v1/neighbors", { model, dataset, ...body });
    /** Comes again whenever it is told to. */
    const neighbors = async (body: Record<string, unknown>): Promise<Neighbor[][]> => {
      const answer = await server.until(
        async () => {
          const response = await ask(body);
          return { status: response.status, body: await response.json() };
        },
        ({ status }) => status !== 503,
      );
      assertEquals(answer.status, 200, JSON.stringify(answer.body));
      return answer.body.data.map(({ neighbors }: { neighbors: Neighbor[] }) => neighbors);
    };

    await context.step("its worker dies over it, and what was made is gone on from", async () => {
      const asked = ask({ input: { item: 0 } });
      const made = await server.until(async () => {
        const [name] = (await entries()).filter((name) => name.startsWith("."));
        if (!name) return 0;
        return (await Deno.stat(join(directory, name, "embeddings.f32")).catch(() => ({ size: 0 }))).size;
      }, (size) => size > 0);
      const [unfinished] = await entries(), worker = await server.child("embed");
      assert(made < 4 * 64 * images, `all ${images} images were embedded too soon`);
      const { ino } = await Deno.stat(join(directory, unfinished, "embeddings.f32"));
      Deno.kill(worker, "SIGKILL");
      const answer = await asked, body = await answer.json();
      assert([200, 503].includes(answer.status), JSON.stringify(body));
      if (answer.status === 503) {
        assertEquals(body.error.code, "index_in_the_making");
        assert(Number(answer.headers.get("Retry-After")) >= 1);
      }
      await neighbors({ input: { item: 0 } });
      assert(await server.child("embed") !== worker);
      const [whole, ...rest] = await entries();
      assertEquals([`.${whole}.tmp`, rest], [unfinished, []]);
      assertEquals((await Deno.stat(join(directory, whole, "embeddings.f32"))).ino, ino, "it was begun anew");
    });

    const [name] = await entries();
    const floats = new Float32Array((await Deno.readFile(join(directory, name, "embeddings.f32"))).buffer);
    const dim = floats.length / images;
    const rows = Array.from(
      { length: images },
      (_, n) => Float64Array.from(floats.subarray(n * dim, (n + 1) * dim)),
    );
    const pngOf = async (n: number) =>
      (await (await server.fetch(`/v1/datasets/${dataset}/items/${n}/image`)).bytes()).toBase64();

    await context.step("what is kept are the embeddings that anybody gets of the images", async () => {
      const numbers = [0, 1, Math.floor(images / 2), images - 1];
      const { data } = await (await server.post("/v1/embeddings", {
        model,
        input: await Promise.all(numbers.map(pngOf)),
      })).json();
      for (const [i, n] of numbers.entries()) assertEquals(data[i].embedding, [...rows[n]], `item ${n}`);
    });

    await context.step("neighbours are float64's to the last one, of items and of photographs", async () => {
      const k = Math.min(1000, images), items = [0, images - 1, Math.floor(images / 3)];
      for (const [i, found] of (await neighbors({ input: items.map((item) => ({ item })), k })).entries()) {
        expectNeighbors(found, nearest(rows, rows[items[i]], k, (n) => n !== items[i]));
      }
      const [found, own] = await neighbors({ input: [await pngOf(7), { item: 7 }], k: 20 });
      expectNeighbors(found, nearest(rows, rows[7], 20, () => true)); // a photograph may be one of its own
      expectNeighbors(own, nearest(rows, rows[7], 20, (n) => n !== 7));
      const many = Array.from({ length: 64 }, (_, i) => ({ item: i }));
      for (const [i, found] of (await neighbors({ input: many, k: 3 })).entries()) {
        expectNeighbors(found, nearest(rows, rows[i], 3, (n) => n !== i));
      }
    });

    await context.step("a split is searched alone, and gives what it has", async () => {
      for (const [split, { images: count }] of Object.entries(classes)) {
        const [found] = await neighbors({ input: { item: 0 }, k: 1000, split });
        assert(found.length >= Math.min(1000, count - 1) && found.every((one) => one.split === split));
        const { data } = await server.json(
          `/v1/datasets/${dataset}/items?after=${found[0].n - 1}&limit=1`,
        ) as unknown as {
          data: Neighbor[];
        };
        const { n, path, class: label } = found[0];
        if (n > 0) assertEquals([data[0].n, data[0].path, data[0].class], [n, path, label]);
      }
    });

    await context.step("a damaged index is made again, and another model has its own", async () => {
      const path = join(directory, name, "embeddings.f32"), worker = await server.child("embed");
      const [expected] = await neighbors({ input: { item: 3 } });
      const bytes = await Deno.readFile(path);
      bytes[bytes.length >> 1] ^= 1;
      await Deno.writeFile(path, bytes);
      Deno.kill(worker, "SIGKILL"); // what it has read is whole
      await server.until(() => server.statusOf("/readyz"), (status) => status === 200);
      assertEquals((await neighbors({ input: { item: 3 } }))[0], expected);
      await neighbors({ model: other, input: { item: 3 } });
      assertEquals((await entries()).length, 2);
    });

    await context.step("it goes with its checkpoint, and with its dataset", async () => {
      const gone = async (path: string) => {
        const response = await server.fetch(path, { method: "DELETE" });
        assertEquals(response.status, 204, await response.text());
      };
      await gone(`/v1/checkpoints/${other}`);
      await server.until(entries, (names) => names.length === 1);
      assertEquals(await entries(), [name]);
      await gone(`/v1/datasets/${dataset}`);
      await server.until(entries, (names) => names.length === 0);
      assertEquals((await ask({ input: { item: 0 } })).status, 404);
    });
  } finally {
    await server.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
});
