import { join } from "@std/path";
import { indexName, NeighborIndexFile } from "../data/neighbor_index.ts";
import { FileProjectionLibrary, ProjectionWriter } from "../data/projection_file.ts";
import { diskFull } from "../data/spool.ts";
import { DomainError } from "../domain/errors.ts";
import type { NeighborIndexKey } from "../domain/neighbors.ts";
import { MAX_COMPONENTS } from "../domain/projection.ts";
import { principalAxesOnThread } from "../evaluation/axes_worker.ts";
import { PcaSlices } from "../evaluation/pca_slices.ts";
import type { PipelineCache } from "../gpu/pipeline.ts";
import type { Say } from "../ipc/worker_loop.ts";
import { Serial } from "./serial.ts";

/** Progress is told so often. */
const TELL_MS = 500;

/** Makes projections of embeddings that are kept, one after another: their products on the GPU, in slices. */
export class Projections {
  readonly #directory: string;
  readonly #makings = new Serial();

  constructor(
    readonly options: {
      pipelines: PipelineCache;
      /** Indexes of neighbours lie under it. */
      dataDir: string;
      /** Whose turn it is on the GPU. */
      serial: Serial;
    },
  ) {
    this.#directory = join(options.dataDir, "neighbors");
  }

  /**
   * Finds the principal components of a dataset's embeddings, unless that was done.
   *
   * @throws {DomainError} `not_found`, type `index_missing`, where there are none, or damaged ones; `disk_full`. @throws What
   *   `signal` was aborted with.
   */
  make(key: NeighborIndexKey, say: Say, signal: AbortSignal): Promise<void> {
    return this.#makings.run(async () => {
      signal.throwIfAborted();
      if (await new FileProjectionLibrary(this.#directory).open(key)) return;
      const name = indexName(key), file = await NeighborIndexFile.open(this.#directory, name);
      if (!file) throw missing(name);
      let writer: ProjectionWriter | undefined;
      try {
        const components = Math.min(MAX_COMPONENTS, file.dim);
        writer = await ProjectionWriter.open(file.path, file.rows, components);
        await this.#project(file, writer, teller(file.rows, say), signal);
      } catch (error) {
        if (diskFull(error)) {
          throw new DomainError(
            "disk_full",
            `Cannot keep the projection of ${key.dataset}: the disk is full`,
          );
        }
        const isGone = error instanceof Deno.errors.NotFound ||
          (error instanceof DomainError && error.options.type === "index_damaged");
        throw isGone ? missing(name) : error;
      } finally {
        writer?.close();
        file.close();
      }
    });
  }

  async #project(
    file: NeighborIndexFile,
    writer: ProjectionWriter,
    tell: (share: number) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    const { pipelines, serial } = this.options, { rows, dim } = file;
    const onGpu = <T>(work: () => Promise<T>) =>
      serial.run(() => {
        signal.throwIfAborted(); // whoever asked went away while this waited
        return work();
      });
    const mean = await meanOf(file, signal);
    const slices = await onGpu(() => PcaSlices.create(pipelines, dim));
    try {
      const gram = new Float64Array(dim * dim);
      for await (const { first, values } of centred(file, mean, slices.rows)) {
        await onGpu(() => slices.addGram(values, gram));
        await tell(0.7 * first / rows);
      }
      let total = 0;
      for (let i = 0; i < dim; i++) total += gram[i * dim + i];
      const axes = await principalAxesOnThread(gram, dim, writer.components, signal);
      const scores = await onGpu(() => slices.scores(axes.vectors));
      try {
        for await (const { first, values } of centred(file, mean, slices.rows)) {
          await writer.append(await onGpu(() => scores.of(values)));
          await tell(0.8 + 0.2 * first / rows);
        }
      } finally {
        scores.destroy();
      }
      await writer.finish({
        dim,
        explained_variance: Array.from(axes.values, (value) => value / Math.max(1, rows - 1)),
        explained_variance_ratio: Array.from(axes.values, (value) => total > 0 ? value / total : 0),
        mean: [...mean],
      });
    } finally {
      slices.destroy();
    }
  }
}

/** In float64; what is read is held against its hash. */
async function meanOf(file: NeighborIndexFile, signal: AbortSignal): Promise<Float64Array> {
  const { rows, dim } = file, mean = new Float64Array(dim);
  for await (const { values } of file.verified()) {
    signal.throwIfAborted();
    for (let at = 0; at < values.length;) for (let c = 0; c < dim; c++) mean[c] += values[at++];
  }
  return mean.map((sum) => sum / rows);
}

/** Rows less their mean, so many at a time. */
async function* centred(
  file: NeighborIndexFile,
  mean: Float64Array,
  atOnce: number,
): AsyncGenerator<{ first: number; values: Float32Array }> {
  const { rows, dim } = file;
  for (let first = 0; first < rows; first += atOnce) {
    const values = file.read(first, Math.min(atOnce, rows - first));
    for (let at = 0; at < values.length;) for (let c = 0; c < dim; c++) values[at++] -= mean[c];
    yield { first, values };
    await new Promise((resolve) => setTimeout(resolve)); // a promise alone lets nobody in who waits for a message
  }
}

/** Tells a share of the work as so many of the images, now and then. */
function teller(total_steps: number, say: Say): (share: number) => Promise<void> {
  let told = -Infinity;
  const began = performance.now();
  return async (share) => {
    const now = performance.now(), seconds = Math.max(1e-3, (now - began) / 1000);
    if (now - told < TELL_MS) return;
    told = now;
    const step = Math.floor(share * total_steps), eta_s = share > 0 ? seconds * (1 / share - 1) : null;
    const progress = { step, total_steps, epoch: 0, images_per_s: step / seconds, eta_s };
    await say({ type: "progress", progress, metrics: {} });
  };
}

const missing = (name: string): DomainError =>
  new DomainError("not_found", `Cannot find the index ${name}: there is none`, { type: "index_missing" });
