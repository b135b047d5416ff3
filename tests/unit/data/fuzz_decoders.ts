// A child of fuzz_test.ts: decodes damaged images through the pool, and says after each that it is through. A sound one
// between them must still come out right. Arguments: the golden images, and how many of each format.
import { DecoderPool } from "../../../src/data/decoder_pool.ts";
import { DomainError } from "../../../src/domain/errors.ts";
import { damage, drawer } from "./damage.ts";

const [golden, count] = Deno.args, draw = drawer(20_251_125), BETWEEN = 50;
const { cases }: { cases: { name: string; file: string; width: number }[] } = JSON.parse(
  Deno.readTextFileSync(golden),
);
const pool = new DecoderPool(2);
for (const format of ["png", "jpeg", "gif", "tiff", "webp", "bmp", "pnm"]) {
  const files = cases.filter(({ name }) => name.startsWith(format));
  for (let n = 0; n < Number(count); n++) {
    const whole = files[draw(files.length)], bytes = damage(Uint8Array.fromBase64(whole.file), draw);
    let outcome: string;
    try {
      const { width, height, pixels } = await pool.decode(bytes);
      outcome = pixels.length === 3 * width * height ? "read" : "broken";
    } catch (error) {
      const isRefusal = error instanceof DomainError && !/took more|crashed/.test(error.message);
      outcome = isRefusal ? "refused" : `fault: ${error}`;
    }
    console.log(`${format} ${n} ${outcome}`);
    if (n % BETWEEN > 0) continue;
    const { width } = await pool.decode(Uint8Array.fromBase64(whole.file));
    if (width !== whole.width) {
      throw new Error(`${whole.name} comes out at another width after a damaged one`);
    }
  }
}
pool.close();
