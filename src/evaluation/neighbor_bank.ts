import { bindingLimit, createBuffers, type SizeLimits } from "../gpu/allocate.ts";
import type { PipelineCache } from "../gpu/pipeline.ts";
import type { Plan } from "../gpu/plan.ts";
import { readback } from "../gpu/readback.ts";
import { Recorder } from "../gpu/recorder.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { uploadTensor } from "../gpu/upload.ts";
import { HALF_ROW_COLUMNS, recordHalfRowsProduct } from "../nn/half_rows.ts";

/** Queries that a plan is made for: a search takes the smallest that holds its own, or several of the largest. */
const QUERY_COUNTS = [1, 4, 16, 64] as const;
/** Of the bank, in one buffer: unpacked for many queries it is twice that, which every device binds. */
const TILE_BYTES = 32 * 2 ** 20;
/** Cosines that are read at once: more take several waits. */
const ROUND_BYTES = 32 * 2 ** 20;
/** Of halves; a GPU may take what is smaller for zero. */
const SMALLEST_NORMAL = 2 ** -14;
/** The most that one rounding to f32 adds to a number, of itself. */
const ROUNDOFF = 2 ** -24;

interface Round {
  plan: Plan;
  queries: Tensor & { storage: { buffer: GPUBuffer } };
  /** Each tile's cosines, `[rows, queries]`. */
  cosines: Tensor[];
  firstTile: number;
}

/** How a bank is laid out on a device. */
interface BankShape {
  /** Columns with the zeros that fill them up. */
  columns: number;
  tileRows: number;
  tiles: number;
}

function shapeOf(limits: SizeLimits, rows: number, dim: number): BankShape {
  const columns = Math.ceil(dim / HALF_ROW_COLUMNS) * HALF_ROW_COLUMNS;
  const bytes = Math.min(TILE_BYTES, bindingLimit(limits) / 2);
  const tileRows = Math.min(rows, Math.max(1, Math.floor(bytes / (2 * columns))));
  return { columns, tileRows, tiles: Math.ceil(rows / tileRows) };
}

/**
 * Rows of unit length on the GPU, as halves, and their cosines with queries. Halves are half the memory of f32 and, where
 * reading it is what a search takes, half its time; how far off a cosine can be at most is known (`slack`), so whoever
 * searches finds all rows that may be the nearest, and decides between them by what they were.
 */
export class NeighborBank {
  readonly #shape: BankShape;
  readonly #rounds = new Map<number, Promise<Round[]>>();
  /** The largest distance of a row to the halves that stand for it. */
  #rounding = 0;

  private constructor(
    readonly pipelines: PipelineCache,
    readonly rows: number,
    readonly dim: number,
    readonly tiles: readonly GPUBuffer[],
  ) {
    this.#shape = shapeOf(pipelines.device.limits, rows, dim);
  }

  /** Bytes of GPU memory that a bank takes, with all of its plans. Worked out by recording; allocates nothing. */
  static bytesFor({ device: { limits }, capabilities }: PipelineCache, rows: number, dim: number): number {
    const shape = shapeOf(limits, rows, dim), { columns, tileRows } = shape;
    let bytes = 2 * rows * columns;
    for (const stride of QUERY_COUNTS) {
      for (const tiles of roundsOf(shape, stride)) {
        const recorder = new Recorder(capabilities);
        const queries: Tensor = { label: "bank.queries", shape: [stride, columns], dtype: "f32" };
        const held = tiles.map((tile) =>
          tileTensor(tile, Math.min(tileRows, rows - tile * tileRows), columns)
        );
        recordRound(recorder, held, queries);
        bytes += 4 * stride * columns + recorder.memory(limits).bytes;
      }
    }
    return bytes;
  }

  /**
   * Makes room for a bank, of zeros.
   *
   * @param rows One at least. @param dim Of what is compared.
   * @throws {OutOfMemoryError} If the device has not the memory.
   */
  static async create(pipelines: PipelineCache, rows: number, dim: number): Promise<NeighborBank> {
    const { columns, tileRows, tiles } = shapeOf(pipelines.device.limits, rows, dim);
    const buffers = await createBuffers(
      pipelines.device,
      Array.from({ length: tiles }, (_, tile) => ({
        ...{ label: `bank.tile.${tile}`, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST },
        size: 2 * columns * Math.min(tileRows, rows - tile * tileRows),
      })),
    );
    return new NeighborBank(pipelines, rows, dim, buffers);
  }

  /** How far a cosine of `cosines` is from the true one at most. */
  get slack(): number {
    // Of the row; and of the query, of each product and of their sum, in whatever order, for both are of unit length.
    return this.#rounding + 1.01 * (this.#shape.columns + 16) * ROUNDOFF;
  }

  /**
   * Writes rows, scaled to unit length; a row of zeros stays one.
   *
   * @param first The first one's number. @param values `[n, dim]`, finite.
   */
  write(first: number, values: Float32Array): void {
    const { columns, tileRows } = this.#shape, { dim } = this, count = values.length / dim;
    for (let done = 0; done < count;) {
      const tile = Math.floor((first + done) / tileRows), firstRow = (first + done) % tileRows;
      const here = Math.min(count - done, tileRows - firstRow),
        halves = new Float16Array(here * columns);
      for (let r = 0; r < here; r++) {
        const row = values.subarray((done + r) * dim, (done + r + 1) * dim), scale = inverseLength(row);
        let distance = 0;
        for (let c = 0; c < dim; c++) {
          const value = row[c] * scale, at = r * columns + c;
          halves[at] = Math.abs(value) < SMALLEST_NORMAL ? 0 : value; // as a GPU may read it
          distance += (halves[at] - value) ** 2;
        }
        this.#rounding = Math.max(this.#rounding, Math.sqrt(distance) * (1 + 1e-9));
      }
      // Bytes, not halves: Dawn's writeBuffer does not know those.
      this.pipelines.device.queue.writeBuffer(
        this.tiles[tile],
        2 * firstRow * columns,
        new Uint8Array(halves.buffer),
      );
      done += here;
    }
  }

  /**
   * The cosines of queries with all rows, a stretch of rows after another.
   *
   * @param queries `[n, dim]`, of any lengths, finite.
   * @returns Stretches: `values` is `[rows, stride]`, and column q of it is query `query + q`'s, of `queries` of them.
   */
  async *cosines(queries: Float32Array): AsyncGenerator<{
    query: number;
    queries: number;
    first: number;
    values: Float32Array;
    stride: number;
  }> {
    const { columns, tileRows } = this.#shape, { dim } = this, count = queries.length / dim;
    for (let query = 0; query < count;) {
      const stride = QUERY_COUNTS.find((size) => size >= count - query) ?? QUERY_COUNTS.at(-1)!;
      const here = Math.min(stride, count - query), unit = new Float32Array(stride * columns);
      for (let q = 0; q < here; q++) {
        const row = queries.subarray((query + q) * dim, (query + q + 1) * dim), scale = inverseLength(row);
        for (let c = 0; c < dim; c++) unit[q * columns + c] = row[c] * scale;
      }
      for (const { plan, queries, cosines, firstTile } of await this.#plansFor(stride)) {
        const { device } = this.pipelines;
        device.queue.writeBuffer(queries.storage.buffer, 0, unit);
        plan.replay();
        for (const [i, bits] of (await readback(device, cosines)).entries()) {
          const first = (firstTile + i) * tileRows;
          yield { query, queries: here, first, values: new Float32Array(bits), stride };
        }
      }
      query += here;
    }
  }

  /** Makes the plans for one query, so that the first does not wait for them. */
  async prepare(): Promise<void> {
    await this.#plansFor(QUERY_COUNTS[0]);
  }

  destroy(): void {
    for (const buffer of this.tiles) buffer.destroy();
    for (const rounds of this.#rounds.values()) {
      rounds.then((made) => {
        for (const { plan, queries } of made) {
          plan.destroy();
          queries.storage.buffer.destroy();
        }
      }, () => {});
    }
  }

  #plansFor(stride: number): Promise<Round[]> {
    let rounds = this.#rounds.get(stride);
    if (!rounds) {
      this.#rounds.set(stride, rounds = this.#record(stride));
      rounds.catch(() => this.#rounds.delete(stride));
    }
    return rounds;
  }

  async #record(stride: number): Promise<Round[]> {
    const { columns, tileRows } = this.#shape, { pipelines, rows } = this, rounds: Round[] = [];
    for (const tiles of roundsOf(this.#shape, stride)) {
      const recorder = new Recorder(pipelines.capabilities);
      const queries = uploadTensor(pipelines.device, "bank.queries", [stride, columns], "f32");
      const held = tiles.map((tile) => ({
        ...tileTensor(tile, Math.min(tileRows, rows - tile * tileRows), columns),
        storage: { buffer: this.tiles[tile], offset: 0 },
      }));
      const cosines = recordRound(recorder, held, queries);
      rounds.push({ plan: await recorder.compile(pipelines), queries, cosines, firstTile: tiles[0] });
    }
    return rounds;
  }
}

/** Tiles whose cosines are read at once, by number. */
function roundsOf({ tiles, tileRows }: BankShape, stride: number): number[][] {
  const atOnce = Math.max(1, Math.floor(ROUND_BYTES / (4 * stride * tileRows))), rounds: number[][] = [];
  for (let first = 0; first < tiles; first += atOnce) {
    rounds.push(Array.from({ length: Math.min(atOnce, tiles - first) }, (_, i) => first + i));
  }
  return rounds;
}

const tileTensor = (tile: number, rows: number, columns: number): Tensor => ({
  ...{ label: `bank.tile.${tile}`, shape: [rows, columns / 2], dtype: "u32" },
});

const recordRound = (recorder: Recorder, tiles: readonly Tensor[], queries: Tensor): Tensor[] =>
  tiles.map((tile) => recorder.keep(recordHalfRowsProduct(recorder, tile.label, tile, queries)));

/** What scales a row to unit length; 0 for a row of zeros. */
function inverseLength(row: Float32Array): number {
  let squares = 0;
  for (let c = 0; c < row.length; c++) squares += row[c] * row[c];
  return squares > 0 ? 1 / Math.sqrt(squares) : 0;
}
