import type { RgbImage } from "../domain/image.ts";
import { cmykToRgb } from "./cmyk_to_rgb.ts";
import { readTiffDirectory, type TiffDirectory } from "./tiff_directory.ts";
import { unpackTiff } from "./tiff_unpack.ts";

/** Channels that a photometric interpretation draws with: white is zero, black is zero, RGB, palette, CMYK. */
const CHANNELS: Record<number, number | undefined> = { 0: 1, 1: 1, 2: 3, 3: 1, 5: 4 };
const PALETTE = 3;
/** Pixels that a tile of an image smaller than itself may have. */
const SMALL_TILE = 2 ** 22;

interface Layout {
  bits: number;
  littleEndian: boolean;
  photometric: number;
  /** Samples of a pixel that stand together: all, or one where each channel has a plane of its own. */
  together: number;
  planes: number;
  compression: number;
  predictor: number;
  /** Of a strip or tile. */
  width: number;
  height: number;
  tiled: boolean;
  offsets: number[];
  counts: number[];
}

/**
 * Decodes a TIFF's first image to RGB: strips or tiles, chunky or planar, 1 to 16 bits of whole numbers, gray, RGB,
 * palette or CMYK, with the compressions of `unpackTiff`. Further channels (alpha) are dropped.
 *
 * Source: TIFF revision 6.0, sections 3 to 15.
 *
 * @throws {Error} If it is damaged or of another kind.
 */
export async function decodeTiff(
  bytes: Uint8Array,
  { width, height }: { width: number; height: number },
): Promise<RgbImage> {
  const directory = readTiffDirectory(bytes), layout = readLayout(directory, width, height);
  const { bits, photometric, together, planes } = layout, channels = CHANNELS[photometric]!;
  const across = Math.ceil(width / layout.width), down = Math.ceil(height / layout.height);
  const samples = new Uint8Array(width * height * channels);
  const rowBytes = Math.ceil((layout.width * together * bits) / 8);
  const scale = photometric === PALETTE ? 1 : 255 / (2 ** bits - 1);
  for (let plane = 0; plane < Math.min(planes, channels); plane++) {
    for (let i = 0; i < across * down; i++) {
      const left = (i % across) * layout.width, top = Math.floor(i / across) * layout.height;
      const rows = layout.tiled ? layout.height : Math.min(layout.height, height - top);
      const offset = layout.offsets[plane * across * down + i],
        count = layout.counts[plane * across * down + i];
      if (offset === undefined || count === undefined) throw new Error("a strip is missing");
      const packed = bytes.slice(offset, offset + count);
      const unpacked = await unpackTiff(packed, layout.compression, rowBytes * rows);
      const data = new DataView(unpacked.buffer, unpacked.byteOffset, unpacked.length);
      if (layout.predictor === 2) addUp(data, rowBytes, layout);
      for (let y = 0; y < Math.min(rows, height - top); y++) {
        for (let x = 0; x < Math.min(layout.width, width - left); x++) {
          for (let c = 0; c < (planes > 1 ? 1 : channels); c++) {
            const value = sample(data, y * rowBytes, x * together + c, layout);
            samples[((top + y) * width + left + x) * channels + plane + c] = Math.round(value * scale);
          }
        }
      }
    }
  }
  return { width, height, pixels: toRgb(samples, directory, layout) };
}

function readLayout({ values, littleEndian }: TiffDirectory, width: number, height: number): Layout {
  const first = (tag: number, otherwise: number): number => values(tag)?.[0] ?? otherwise;
  const photometric = first(262, -1),
    samples = first(277, 1),
    allBits = values(258) ?? [1],
    bits = allBits[0];
  const channels = CHANNELS[photometric],
    tiled = values(322) !== undefined,
    planes = first(284, 1) === 2 ? samples : 1;
  if (!channels) throw new Error(`photometric interpretation ${photometric} is not read`);
  if (samples < channels || samples > 16) throw new Error(`${samples} samples a pixel are not read`);
  const wrongBits = ![1, 2, 4, 8, 16].includes(bits) || (photometric === PALETTE && bits > 8) ||
    allBits.some((other) => other !== bits);
  if (wrongBits) throw new Error(`${allBits.slice(0, 16)} bits are not read`);
  if ((values(339) ?? []).some((kind) => kind !== 1)) throw new Error("its samples are no whole numbers");
  if (first(266, 1) !== 1) throw new Error("its bits are in reverse");
  const predictor = first(317, 1);
  if (predictor > 2 || (predictor === 2 && bits < 8)) throw new Error(`predictor ${predictor} is not read`);
  const size = tiled
    ? { width: first(322, 0), height: first(323, 0) }
    : { width, height: Math.min(height, first(278, height)) };
  if (size.width * size.height === 0 || size.width * size.height > Math.max(width * height, SMALL_TILE)) {
    throw new Error(`its tiles are ${size.width}×${size.height}`);
  }
  const offsets = values(tiled ? 324 : 273) ?? [], counts = values(tiled ? 325 : 279) ?? [];
  const together = planes > 1 ? 1 : samples, compression = first(259, 1);
  return {
    ...size,
    bits,
    littleEndian,
    photometric,
    together,
    planes,
    compression,
    predictor,
    tiled,
    offsets,
    counts,
  };
}

/** Undoes horizontal differencing: each sample was stored less the one to its left. */
function addUp(data: DataView, rowBytes: number, { bits, littleEndian, together }: Layout): void {
  for (let row = 0; row < data.byteLength; row += rowBytes) {
    if (bits === 8) {
      for (let i = row + together; i < row + rowBytes; i++) {
        data.setUint8(i, data.getUint8(i) + data.getUint8(i - together));
      }
      continue;
    }
    for (let i = row + 2 * together; i < row + rowBytes; i += 2) {
      const left = data.getUint16(i - 2 * together, littleEndian);
      data.setUint16(i, data.getUint16(i, littleEndian) + left, littleEndian);
    }
  }
}

function sample(data: DataView, row: number, index: number, { bits, littleEndian }: Layout): number {
  if (bits === 8) return data.getUint8(row + index);
  if (bits === 16) return data.getUint16(row + 2 * index, littleEndian);
  const bit = index * bits;
  return (data.getUint8(row + (bit >> 3)) >> (8 - bits - (bit & 7))) & (2 ** bits - 1);
}

function toRgb(samples: Uint8Array, { values }: TiffDirectory, { photometric, bits }: Layout): Uint8Array {
  if (photometric === 2) return samples;
  if (photometric === 5) return cmykToRgb(samples);
  const rgb = new Uint8Array(3 * samples.length), colors = 2 ** bits;
  if (photometric === PALETTE) {
    const map = values(320) ?? [];
    if (map.length < 3 * colors) throw new Error("its palette breaks off");
    // 8-bit colours are written as 256 times themselves, as by Pillow, or 257 times: either way the high byte is meant.
    for (let i = 0; i < rgb.length; i++) rgb[i] = map[(i % 3) * colors + samples[Math.floor(i / 3)]] >> 8;
    return rgb;
  }
  for (let i = 0; i < rgb.length; i++) {
    const value = samples[Math.floor(i / 3)];
    rgb[i] = photometric === 0 ? 255 - value : value;
  }
  return rgb;
}
