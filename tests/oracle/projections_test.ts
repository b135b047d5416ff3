// Principal components by the GPU, held against a singular value decomposition in float64, and against scikit-learn's.
import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { Matrix, SVD } from "ml-matrix";
import { indexName, NeighborIndexWriter } from "../../src/data/neighbor_index.ts";
import { FileProjectionLibrary } from "../../src/data/projection_file.ts";
import { DomainError } from "../../src/domain/errors.ts";
import { RandomStream } from "../../src/domain/philox.ts";
import type { KeptProjection } from "../../src/domain/projection.ts";
import { Projections } from "../../src/workers/projections.ts";
import { Serial } from "../../src/workers/serial.ts";
import { pythonWithTorch, runPython } from "../e2e/python.ts";
import { pipelines } from "./oracle.ts";

const KEY = {
  checkpoint: "ckpt_01M88CBGKDP4JZY3SP91EM097W",
  dataset: "ds_01M88C9NZ84RN64FWBFXK166V1",
  fingerprint: `sha256:${"ab".repeat(32)}`,
};
const NEVER = new AbortController().signal, say = () => Promise.resolve();

/** Embeddings as networks make them: far from the origin, with variances that fall. */
function embeddings(rows: number, dim: number): Float32Array<ArrayBuffer> {
  const random = new RandomStream(3, 93), all = new Float32Array(rows * dim);
  const turn = Array.from({ length: dim * dim }, () => random.normal() / Math.sqrt(dim));
  for (let r = 0; r < rows; r++) {
    const latent = Array.from({ length: dim }, (_, q) => random.normal() / (1 + q / 2));
    for (let c = 0; c < dim; c++) {
      let sum = 3 + c / dim;
      for (let q = 0; q < dim; q++) sum += turn[q * dim + c] * latent[q];
      all[r * dim + c] = sum;
    }
  }
  return all;
}

/** The directory in which the embeddings of KEY lie alone. */
async function withIndex(
  values: Float32Array,
  dim: number,
  check: (dataDir: string, path: string) => Promise<void>,
): Promise<void> {
  const dataDir = await Deno.makeTempDir({ prefix: "latentd-projections-" });
  const directory = join(dataDir, "neighbors"), name = indexName(KEY);
  const writer = await NeighborIndexWriter.open(directory, name, dim);
  await writer.append(values);
  await writer.finish();
  writer.close();
  try {
    await check(dataDir, join(directory, name));
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}
const open = (dataDir: string): Promise<KeptProjection | undefined> =>
  new FileProjectionLibrary(join(dataDir, "neighbors")).open(KEY);
const scoresOf = async (kept: KeptProjection, components: number) =>
  new Float32Array(await new Response(kept.values(components)).arrayBuffer());

/** Straight from the definition. */
function reference(values: Float32Array, dim: number) {
  const rows = values.length / dim, mean = new Float64Array(dim);
  for (let i = 0; i < values.length; i++) mean[i % dim] += values[i] / rows;
  const centred = new Matrix(rows, dim);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < dim; c++) centred.set(r, c, values[r * dim + c] - mean[c]);
  }
  const { diagonal, rightSingularVectors: axes } = new SVD(centred, {
    ...{ computeLeftSingularVectors: false, autoTranspose: true },
  });
  const total = diagonal.reduce((sum, s) => sum + s * s, 0);
  return {
    mean,
    centred,
    axes,
    variance: diagonal.map((s) => s * s / (rows - 1)),
    total: total / (rows - 1),
  };
}

// One slice and several, the last one short; dimensions that fill vectors up and do not, few and more than are kept.
for (const [rows, dim] of [[40, 3], [700, 64], [5000, 30], [600, 260]] as const) {
  Deno.test(`Projections agrees with a float64 decomposition of ${rows} embeddings of ${dim}`, () => {
    const values = embeddings(rows, dim);
    return withIndex(values, dim, async (dataDir) => {
      const projections = new Projections({ pipelines, serial: new Serial(), dataDir });
      await projections.make(KEY, say, NEVER);
      const kept = (await open(dataDir))!, { mean, centred, axes, variance, total } = reference(values, dim);
      const components = Math.min(50, dim);
      assertEquals([kept.rows, kept.dim, kept.components], [rows, dim, components]);
      for (let c = 0; c < dim; c++) assertAlmostEquals(kept.mean[c], mean[c], 1e-12);
      for (let k = 0; k < components; k++) {
        assertAlmostEquals(kept.explained_variance[k], variance[k], 1e-5 * variance[0]);
        assertAlmostEquals(kept.explained_variance_ratio[k], variance[k] / total, 1e-5);
      }
      // An f32 sum of up to 4096 products is off by √4096 roundings of the largest, and an axis by that over its distance
      // to the next; so the first few, whose distances are some, are held against float64's, but for their sign.
      const few = Math.min(5, dim), scores = await scoresOf(kept, few);
      const off = 64 * 2 ** -24 * variance[0];
      for (let k = 0; k < few; k++) {
        const gap = Math.min(
          k > 0 ? variance[k - 1] - variance[k] : Infinity,
          k + 1 < dim ? variance[k] - variance[k + 1] : Infinity,
        );
        const axis = axes.getColumn(k), sizes = axis.map(Math.abs);
        const sign = Math.sign(axis[sizes.indexOf(Math.max(...sizes))]);
        let error = 0;
        for (let r = 0; r < rows; r++) {
          const expected = sign * centred.getRow(r).reduce((sum, v, c) => sum + v * axis[c], 0);
          error = Math.max(error, Math.abs(scores[r * few + k] - expected));
        }
        const longest = 8 * Math.sqrt(variance[0]);
        assert(error <= longest * (off / gap + 1e-5), `component ${k} is off by ${error}, gap ${gap}`);
      }
    });
  });
}

Deno.test("Projections makes the same bits again, of which fewer components are the first", () =>
  withIndex(embeddings(300, 20), 20, async (dataDir, path) => {
    const make = () => new Projections({ pipelines, serial: new Serial(), dataDir }).make(KEY, say, NEVER);
    await make();
    const kept = (await open(dataDir))!, all = await scoresOf(kept, 20), two = await scoresOf(kept, 2);
    assertEquals([...two], Array.from({ length: 600 }, (_, i) => all[20 * Math.floor(i / 2) + i % 2]));
    await Deno.remove(join(path, "projection.json"));
    await make();
    assertEquals((await open(dataDir))!.sha256, kept.sha256);
    await Deno.truncate(join(path, "projection.f32"), 100); // as a crash may leave it
    assertEquals(await open(dataDir), undefined);
    await make();
    assertEquals((await open(dataDir))!.sha256, kept.sha256);
  }));

Deno.test("Projections holds up whoever waits for the GPU for a slice, takes no variance, and stops", () =>
  withIndex(new Float32Array(9000 * 4).fill(2), 4, async (dataDir, path) => {
    const serial = new Serial(), projections = new Projections({ pipelines, serial, dataDir });
    const turns: string[] = [], run = serial.run.bind(serial);
    serial.run = (task) => {
      turns.push("slice");
      run(() => Promise.resolve(void turns.push("request")));
      return run(task);
    };
    await projections.make(KEY, say, NEVER);
    assertEquals(turns.slice(0, 6), ["slice", "request", "slice", "request", "slice", "request"]);
    assert(turns.length >= 2 * 8); // three slices of rows, twice, and what is made ready
    const kept = (await open(dataDir))!;
    assertEquals([...new Set(await scoresOf(kept, 4))], [0]);
    assertEquals(kept.explained_variance_ratio, [0, 0, 0, 0]);
    await Deno.remove(join(path, "projection.json"));
    const gone = AbortSignal.abort(new Error("gone"));
    await assertRejects(() => projections.make(KEY, say, gone), Error, "gone");
    await Deno.writeFile(join(path, "embeddings.f32"), new Uint8Array(9000 * 16));
    const damaged = await assertRejects(() => projections.make(KEY, say, NEVER), DomainError);
    assertEquals(damaged.options.type, "index_missing");
    await Deno.remove(path, { recursive: true });
    const none = await assertRejects(() => projections.make(KEY, say, NEVER), DomainError);
    assertEquals(none.options.type, "index_missing");
  }));

const python = await pythonWithTorch("numpy, sklearn");
if (!python) console.warn("passed over: there is no Python with scikit-learn to hold projections against");
else {
  Deno.test("Projections agrees with scikit-learn's PCA", () =>
    withIndex(embeddings(900, 48), 48, async (dataDir, path) => {
      await new Projections({ pipelines, serial: new Serial(), dataDir }).make(KEY, say, NEVER);
      const kept = (await open(dataDir))!, scores = await scoresOf(kept, 3);
      const told = await runPython(python, new URL("pca_in_sklearn.py", import.meta.url), [
        ...[join(path, "embeddings.f32"), "48", "3"],
      ]) as Record<"variance" | "ratio" | "mean", number[]> & { scores: number[][] };
      for (let k = 0; k < 3; k++) {
        assertAlmostEquals(kept.explained_variance[k], told.variance[k], 1e-5 * told.variance[0]);
        assertAlmostEquals(kept.explained_variance_ratio[k], told.ratio[k], 1e-5);
      }
      for (let c = 0; c < 48; c++) assertAlmostEquals(kept.mean[c], told.mean[c], 1e-9);
      const longest = Math.sqrt(told.variance[0]);
      for (const [r, row] of told.scores.entries()) {
        for (const [k, score] of row.entries()) assertAlmostEquals(scores[3 * r + k], score, 1e-4 * longest);
      }
    }));
}
