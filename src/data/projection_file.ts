import { createHash } from "node:crypto";
import { join } from "@std/path";
import { z } from "zod";
import type { NeighborIndexKey } from "../domain/neighbors.ts";
import type { KeptProjection, ProjectionFacts, ProjectionLibrary } from "../domain/projection.ts";
import { indexName } from "./neighbor_index.ts";
import { readFully } from "./paged_file.ts";

/**
 * A projection lies with the embeddings that it is of, and goes with them: f32 `[components, rows]`, so that the first few
 * components are read without the others, and what is told of it, which is written last.
 */
const VALUES = "projection.f32", FACTS = "projection.json";
/** What is read at once. */
const CHUNK_BYTES = 2 ** 18;

const Facts = z.strictObject({
  format: z.literal(1),
  rows: z.int().min(1),
  dim: z.int().min(1),
  components: z.int().min(1),
  explained_variance: z.array(z.number()),
  explained_variance_ratio: z.array(z.number()),
  mean: z.array(z.number()),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

/** Writes a projection, which is there once `finish` has resolved. One that was not finished is written over. */
export class ProjectionWriter {
  #done = 0;

  private constructor(
    readonly directory: string,
    readonly rows: number,
    readonly components: number,
    readonly file: Deno.FsFile,
  ) {}

  /** @param directory Of the embeddings. @throws {Deno.errors.NotFound} If they are gone. */
  static async open(directory: string, rows: number, components: number): Promise<ProjectionWriter> {
    const file = await Deno.open(join(directory, `${VALUES}.tmp`), {
      ...{ read: true, write: true, create: true, truncate: true },
    });
    return new ProjectionWriter(directory, rows, components, file);
  }

  /** @param values `[n, components]`, of the next rows. */
  async append(values: Float32Array): Promise<void> {
    const { rows, components, file } = this, count = values.length / components;
    for (let c = 0; c < components; c++) {
      const column = Float32Array.from({ length: count }, (_, r) => values[r * components + c]);
      const bytes = new Uint8Array(column.buffer);
      await file.seek(4 * (c * rows + this.#done), Deno.SeekMode.Start);
      for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    }
    this.#done += count;
  }

  /** Makes what is written durable, and a projection of it. */
  async finish(facts: Omit<ProjectionFacts, "rows" | "components" | "sha256">): Promise<void> {
    const { rows, components, directory, file } = this, hash = createHash("sha256");
    await file.sync();
    await file.seek(0, Deno.SeekMode.Start);
    const chunk = new Uint8Array(CHUNK_BYTES);
    for (let read; (read = await file.read(chunk));) hash.update(chunk.subarray(0, read));
    await Deno.rename(join(directory, `${VALUES}.tmp`), join(directory, VALUES));
    const told = { format: 1, ...facts, rows, components, sha256: hash.digest("hex") };
    await Deno.writeTextFile(join(directory, `${FACTS}.tmp`), JSON.stringify(told));
    await Deno.rename(join(directory, `${FACTS}.tmp`), join(directory, FACTS));
  }

  close(): void {
    this.file.close();
  }
}

/** Projections beside the indexes of neighbours. */
export class FileProjectionLibrary implements ProjectionLibrary {
  /** @param directory Where indexes lie. */
  constructor(readonly directory: string) {}

  async open(key: NeighborIndexKey): Promise<KeptProjection | undefined> {
    const path = join(this.directory, indexName(key));
    try {
      const { format: _, ...facts } = Facts.parse(JSON.parse(await Deno.readTextFile(join(path, FACTS))));
      const { size } = await Deno.stat(join(path, VALUES));
      if (size !== 4 * facts.rows * facts.components) return undefined; // cut short by a crash
      return { ...facts, values: (components) => rowsOf(join(path, VALUES), facts.rows, components) };
    } catch (error) {
      const isOfNoUse = error instanceof Deno.errors.NotFound || error instanceof SyntaxError ||
        error instanceof z.ZodError;
      if (isOfNoUse) return undefined;
      throw error;
    }
  }
}

/** Columns of a file as rows, some at a time and as fast as they are taken. */
function rowsOf(path: string, rows: number, components: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  const atOnce = Math.max(1, Math.floor(CHUNK_BYTES / (4 * components)));
  let first = 0, file: Deno.FsFile | undefined;
  return new ReadableStream({
    async pull(controller) {
      file ??= await Deno.open(path);
      const count = Math.min(atOnce, rows - first), column = new Float32Array(count);
      const values = new Float32Array(count * components), bytes = new Uint8Array(column.buffer);
      for (let c = 0; c < components; c++) {
        readFully(file, 4 * (c * rows + first), bytes, path);
        for (let r = 0; r < count; r++) values[r * components + c] = column[r];
      }
      controller.enqueue(new Uint8Array(values.buffer));
      first += count;
      if (first < rows) return;
      controller.close();
      file.close();
    },
    cancel: () => file?.close(),
  }, { highWaterMark: 0 });
}
