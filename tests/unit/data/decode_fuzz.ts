// The child of decode_hostile_test.ts: decodes damaged files through the pool, and says what became of them.
// Arguments: how many of each format. Prints one line of JSON.
import { DecoderPool } from "../../../src/data/decoder_pool.ts";
import { DomainError } from "../../../src/domain/errors.ts";

const DEADLINE_MS = 5000, SEED = 20_251_125;
const rounds = Number(Deno.args[0]);
const { cases }: { cases: { name: string; file: string; width: number }[] } = JSON.parse(
  Deno.readTextFileSync(new URL("../../golden/decode.json", import.meta.url)),
);
let state = SEED;
/** A whole number below `limit` (xorshift32). */
function draw(limit: number): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % limit;
}

/** One to four bytes are others, one in eight where headers are; every fourth file breaks off besides. */
function damage(file: Uint8Array): Uint8Array {
  const bytes = file.slice();
  for (let n = 1 + draw(4); n > 0; n--) {
    bytes[draw(draw(8) ? bytes.length : Math.min(64, bytes.length))] = draw(2) ? draw(256) : 255 * draw(2);
  }
  return draw(4) ? bytes : bytes.subarray(0, draw(bytes.length));
}

const pool = new DecoderPool(2, DEADLINE_MS), tally: Record<string, Record<string, number>> = {};
let slowest = 0;
for (const format of ["png", "jpeg", "gif", "tiff", "webp", "bmp"]) {
  const files = cases.filter(({ name }) => name.startsWith(format));
  const count: Record<string, number> = tally[format] = {
    decoded: 0,
    refused: 0,
    late: 0,
    crashed: 0,
    broken: 0,
  };
  for (let i = 0; i < rounds; i++) {
    const whole = files[draw(files.length)], bytes = damage(Uint8Array.fromBase64(whole.file));
    const started = performance.now();
    try {
      const { width, height, pixels } = await pool.decode(bytes);
      count[pixels.length === 3 * width * height ? "decoded" : "broken"]++;
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      count[
        /took more/.test(error.message) ? "late" : /crashed/.test(error.message) ? "crashed" : "refused"
      ]++;
    }
    slowest = Math.max(slowest, performance.now() - started);
    if (i % 50 === 0) {
      const { width } = await pool.decode(Uint8Array.fromBase64(whole.file));
      if (width !== whole.width) {
        throw new Error(`${whole.name} is decoded to another width after a damaged one`);
      }
    }
  }
}
pool.close();
console.log(JSON.stringify({ tally, slowest: Math.round(slowest) }));
