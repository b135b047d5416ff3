import type { RgbImage } from "../domain/image.ts";

/** A BMP's header, as far as pixels need it (BITMAPCOREHEADER, or BITMAPINFOHEADER and its successors). */
export function readBmpHeader(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pixels = view.getUint32(10, true), header = view.getUint32(14, true), core = header === 12;
  if (!core && header < 40) throw new Error(`a header of ${header} bytes is not read`);
  const signedHeight = core ? view.getUint16(20, true) : view.getInt32(22, true);
  return {
    width: core ? view.getUint16(18, true) : Math.max(0, view.getInt32(18, true)),
    height: Math.abs(signedHeight),
    topDown: signedHeight < 0,
    bits: view.getUint16(core ? 24 : 28, true),
    compression: core ? 0 : view.getUint32(30, true),
    palette: { at: 14 + header, entry: core ? 3 : 4 },
    pixels,
  };
}

/**
 * Decodes a BMP of 1, 4, 8, 24 or 32 bits to RGB. What has other masks than blue, green, red in bytes, or is packed
 * (RLE, or a JPEG within), is refused. A fourth byte is dropped.
 *
 * @throws {Error} If it is damaged or of another kind.
 */
export function decodeBmp(bytes: Uint8Array): RgbImage {
  const { width, height, topDown, bits, compression, palette, pixels: start } = readBmpHeader(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (![1, 4, 8, 24, 32].includes(bits)) throw new Error(`${bits} bits are not read`);
  const masked = compression === 3 && bits === 32; // the masks stand at 54 in every header that has any
  const usual = masked &&
    [0xff0000, 0xff00, 0xff].every((mask, i) => view.getUint32(54 + 4 * i, true) === mask);
  if (compression !== 0 && !usual) throw new Error(`compression ${compression} is not read`);
  const rowBytes = Math.ceil((width * bits) / 32) * 4;
  if (start + rowBytes * height > bytes.length) throw new Error("its pixels break off");
  const rgb = new Uint8Array(3 * width * height);
  for (let y = 0, to = 0; y < height; y++) {
    const row = start + rowBytes * (topDown ? y : height - 1 - y);
    for (let x = 0; x < width; x++, to += 3) {
      const bit = x * bits;
      let from = row + (bit >> 3);
      if (bits <= 8) {
        from = palette.at + palette.entry * ((bytes[from] >> (8 - bits - (bit & 7))) & (2 ** bits - 1));
        if (from + 3 > start) throw new Error("a pixel is past its palette");
      }
      rgb[to] = bytes[from + 2];
      rgb[to + 1] = bytes[from + 1];
      rgb[to + 2] = bytes[from];
    }
  }
  return { width, height, pixels: rgb };
}
