import rowsSource from "../../kernels/resize_rows.wgsl" with { type: "text" };
import columnsSource from "../../kernels/resize_columns.wgsl" with { type: "text" };
import { normalizedLevels, preprocess, squareGeometry } from "../data/preprocess.ts";
import { type ResizeTaps, resizeTaps } from "../data/resize.ts";
import type { Preprocessing } from "../domain/checkpoint.ts";
import type { RgbImage } from "../domain/image.ts";
import type { PipelineCache } from "../gpu/pipeline.ts";
import { bindingLimit } from "../gpu/allocate.ts";
import { foldGrid, MAX_WORKGROUPS, Recorder } from "../gpu/recorder.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { uploadTensor } from "../gpu/upload.ts";

const WORKGROUP_SIZE = 64;
/** Bytes of the images that go up at once; one that is larger goes alone. */
const GROUP_BYTES = 32 * 2 ** 20;

export interface PreprocessorLimits {
  groupBytes: number;
  /** Of one image: what the device binds. A larger one is preprocessed on the CPU. */
  imageBytes: number;
}

/** Sizes of images whose taps are kept; a data set has few, or too many to keep. */
const MAX_SIZES = 256;

/** What images need on their way to an encoder, on the GPU: bit for bit what `data/preprocess.ts` makes of each. */
export class Preprocessor {
  readonly #levels: Tensor & { storage: { buffer: GPUBuffer } };
  readonly #squares = new Map<string, Square>();

  constructor(
    readonly pipelines: PipelineCache,
    readonly preprocessing: Preprocessing,
    readonly limits: PreprocessorLimits = {
      groupBytes: Math.min(GROUP_BYTES, bindingLimit(pipelines.device.limits) - 4),
      imageBytes: bindingLimit(pipelines.device.limits) - 4,
    },
  ) {
    const levels = normalizedLevels(preprocessing);
    this.#levels = uploadTensor(pipelines.device, "preprocess.levels", [256, 3], "f32", levels);
  }

  /**
   * Resizes, crops and normalises images into the first rows of `x`. Submits; waits for nothing but kernels to compile.
   *
   * @param images Of any sizes; 8-bit RGB goes up, only the rows that the square needs.
   * @param x `[at least images, px, px, 3]` f32.
   * @throws {RangeError} If `x` does not hold them.
   */
  async write(images: readonly RgbImage[], x: Tensor & { storage: { buffer: GPUBuffer } }): Promise<void> {
    const { px } = this.preprocessing, { groupBytes, imageBytes } = this.limits;
    if (x.shape.length !== 4 || x.shape[0] < images.length || x.shape[1] !== px || x.shape[2] !== px) {
      throw new RangeError(
        `Cannot preprocess images: [${images.length}, ${px}, ${px}, 3] needed, got [${x.shape}]`,
      );
    }
    for (let from = 0; from < images.length;) {
      const group: PlacedImage[] = [];
      let bytes = 0;
      for (const image of images.slice(from)) {
        const placed = this.#place(image);
        if (group.length > 0 && bytes + placed.pixels.length > groupBytes) break;
        if (group.length === MAX_WORKGROUPS) break;
        group.push(placed);
        bytes += placed.pixels.length;
      }
      if (group.length === 1 && bytes > imageBytes) this.#writeFromCpu(images[from], x, from);
      else await this.#writeGroup(group, x, from);
      from += group.length;
    }
  }

  #place(image: RgbImage): PlacedImage {
    const key = `${image.width}×${image.height}`;
    let square = this.#squares.get(key);
    if (!square) {
      if (this.#squares.size >= MAX_SIZES) this.#squares.clear();
      square = squareOf(image, this.preprocessing.px);
      this.#squares.set(key, square);
    }
    const { firstRow, rows } = square, stride = image.width * 3;
    const pixels = image.pixels.subarray(firstRow * stride, (firstRow + rows) * stride);
    return { pixels, width: image.width, square };
  }

  async #writeGroup(group: PlacedImage[], x: Tensor, first: number): Promise<void> {
    const { px } = this.preprocessing, { device } = this.pipelines;
    const { pixels, images, taps, lines } = pack(group, px);
    const uploads = [
      uploadTensor(device, "preprocess.pixels", [pixels.length / 4], "u32", new Uint32Array(pixels.buffer)),
      uploadTensor(device, "preprocess.images", [group.length, 8], "u32", images),
      uploadTensor(device, "preprocess.taps", [taps.length], "u32", taps),
    ];
    const [pixelTensor, imageTensor, tapTensor] = uploads, recorder = new Recorder();
    const across = recorder.alloc("preprocess.across", [lines, px], "u32");
    const mostRows = group.reduce((most, { square }) => Math.max(most, square.rows), 0);
    recorder.dispatch(
      { name: "resize_rows", source: rowsSource, overrides: { PX: px } },
      [pixelTensor, imageTensor, tapTensor, across],
      [...foldGrid(Math.ceil((mostRows * px) / WORKGROUP_SIZE)), group.length],
    );
    recorder.dispatch(
      { name: "resize_columns", source: columnsSource, overrides: { PX: px } },
      [imageTensor, tapTensor, across, this.#levels, recorder.constant([first, 0, 0, 0]), x],
      [...foldGrid(Math.ceil((px * px) / WORKGROUP_SIZE)), group.length],
    );
    const plan = await recorder.compile(this.pipelines);
    plan.replay();
    plan.destroy(); // what is submitted keeps its buffers until it is done
    for (const { storage } of uploads) storage.buffer.destroy();
  }

  #writeFromCpu(image: RgbImage, x: Tensor & { storage: { buffer: GPUBuffer } }, at: number): void {
    const values = Float32Array.from(preprocess(image, this.preprocessing));
    this.pipelines.device.queue.writeBuffer(x.storage.buffer, at * values.byteLength, values);
  }

  destroy(): void {
    this.#levels.storage.buffer.destroy();
  }
}

/**
 * Bytes of GPU memory that writing images of these sizes takes until it is done, at most; of one so large that it is
 * preprocessed on the CPU it takes less.
 */
export function preprocessingBytes(sizes: Iterable<{ width: number; height: number }>, px: number): number {
  let bytes = 0;
  for (const { width, height } of sizes) {
    // Its pixels, its rows resized across, and its taps: 4 for each pixel that one shrinks, and 7 at least, both ways.
    bytes += 3 * width * height + 4 * height * px + 32 * Math.min(width, height) + 64 * px + 32;
  }
  return bytes;
}

/** How images of one size become squares. */
interface Square {
  /** The source's rows that count. */
  firstRow: number;
  rows: number;
  across: TapTable;
  /** Counted from `firstRow`. */
  down: TapTable;
}
/** For each of px output samples: its first input sample, then `count` weights, the last ones zero. */
interface TapTable {
  count: number;
  values: Int32Array;
}
interface PlacedImage {
  /** The rows that count. */
  pixels: Uint8Array;
  width: number;
  square: Square;
}

function squareOf(image: { width: number; height: number }, px: number): Square {
  const { width, height, left, top } = squareGeometry(image, px);
  const across = resizeTaps(0, image.width, image.width, width, { from: left, count: px });
  const down = resizeTaps(0, image.height, image.height, height, { from: top, count: px });
  const firstRow = down.first[0], rows = down.first[px - 1] + down.weights[px - 1].length - firstRow;
  return { firstRow, rows, across: tapTable(across, 0), down: tapTable(down, firstRow) };
}

function tapTable({ first, weights }: ResizeTaps, origin: number): TapTable {
  const count = weights.reduce((most, { length }) => Math.max(most, length), 0);
  const values = new Int32Array(weights.length * (count + 1));
  for (const [i, row] of weights.entries()) {
    values[i * (count + 1)] = first[i] - origin;
    values.set(row, i * (count + 1) + 1);
  }
  return { count, values };
}

/** One after another in single buffers, as the kernels read them; taps once for every size. `lines`: rows in all. */
function pack(group: PlacedImage[], px: number) {
  const tapsAt = new Map<Square, number>();
  let tapCount = 0, bytes = 0, lines = 0;
  for (const { square, pixels } of group) {
    bytes += pixels.length;
    if (tapsAt.has(square)) continue;
    tapsAt.set(square, tapCount);
    tapCount += square.across.values.length + square.down.values.length;
  }
  const packed = new Uint8Array(Math.ceil(bytes / 4) * 4), taps = new Uint32Array(tapCount);
  for (const [{ across, down }, at] of tapsAt) {
    taps.set(across.values, at);
    taps.set(down.values, at + across.values.length);
  }
  const images = new Uint32Array(group.length * 8);
  bytes = 0;
  for (const [n, { pixels, width, square: { rows, across, down }, square }] of group.entries()) {
    const at = tapsAt.get(square)!;
    packed.set(pixels, bytes);
    images.set(
      [bytes, width, rows, lines * px, at, across.count, at + across.values.length, down.count],
      n * 8,
    );
    bytes += pixels.length;
    lines += rows;
  }
  return { pixels: packed, images, taps, lines };
}
