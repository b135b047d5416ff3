/**
 * Unpacks a strip or tile of a TIFF: 1 as it is, 5 LZW, 8 and 32946 deflate, 32773 PackBits (TIFF 6.0, §9 and §13).
 *
 * @param size Bytes that it must come to; what lies beyond them is left packed.
 * @throws {Error} If it comes to fewer, is damaged, or is packed in another way.
 */
export async function unpackTiff(
  data: Uint8Array<ArrayBuffer>,
  compression: number,
  size: number,
): Promise<Uint8Array> {
  if (compression === 1) {
    if (data.length < size) throw new Error("its pixels break off");
    return data.slice(0, size);
  }
  const out = new Uint8Array(size);
  const length = compression === 5
    ? unpackLzw(data, out)
    : compression === 8 || compression === 32946
    ? await unpackDeflate(data, out)
    : compression === 32773
    ? unpackBits(data, out)
    : undefined;
  if (length === undefined) throw new Error(`compression ${compression} is not read`);
  if (length < size) throw new Error("its pixels break off");
  return out;
}

async function unpackDeflate(data: Uint8Array<ArrayBuffer>, out: Uint8Array): Promise<number> {
  let at = 0;
  for await (const chunk of new Blob([data]).stream().pipeThrough(new DecompressionStream("deflate"))) {
    out.set(chunk.subarray(0, out.length - at), at);
    at += chunk.length;
    if (at >= out.length) break;
  }
  return Math.min(at, out.length);
}

function unpackBits(data: Uint8Array, out: Uint8Array): number {
  let to = 0;
  for (let at = 0; at < data.length && to < out.length;) {
    const head = data[at++];
    if (head < 128) {
      const run = data.subarray(at, at + head + 1).subarray(0, out.length - to);
      out.set(run, to);
      to += run.length;
      at += head + 1;
    } else if (head > 128 && at < data.length) {
      out.fill(data[at++], to, to += 257 - head);
    }
  }
  return Math.min(to, out.length);
}

const CLEAR = 256, END = 257, MAX_BITS = 12;

/** A code's string stands in the output already, where it was first written: the table keeps only where and how long. */
function unpackLzw(data: Uint8Array, out: Uint8Array): number {
  const starts = new Uint32Array(2 ** MAX_BITS), lengths = new Uint32Array(2 ** MAX_BITS);
  let next = END + 1, width = 9, to = 0, lastStart = 0, lastLength = 0, bits = 0, held = 0;
  for (let at = 0; to < out.length;) {
    while (held < width && at < data.length) {
      bits = ((bits << 8) | data[at++]) & 0xffffff;
      held += 8;
    }
    if (held < width) break;
    const code = (bits >> (held -= width)) & (2 ** width - 1);
    if (code === END) break;
    if (code === CLEAR) {
      [next, width, lastLength] = [END + 1, 9, 0];
      continue;
    }
    if (code > next || (code === next && lastLength === 0)) throw new Error("a code is unknown");
    const start = to;
    if (code < CLEAR) out[to++] = code;
    else {
      // The code that is only now being made repeats the string before it, and then its own first byte.
      const from = code === next ? lastStart : starts[code];
      const length = code === next ? lastLength + 1 : lengths[code];
      for (let i = 0; i < length && to < out.length; i++) out[to++] = out[from + i];
    }
    if (lastLength > 0 && next < 2 ** MAX_BITS) {
      starts[next] = lastStart;
      lengths[next++] = lastLength + 1;
      if (next === 2 ** width - 1 && width < MAX_BITS) width++; // one early, as every TIFF is written
    }
    [lastStart, lastLength] = [start, to - start];
  }
  return to;
}
