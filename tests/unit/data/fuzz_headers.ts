// A child of fuzz_test.ts: reads the headers of damaged images, by whole parsers and by their parts, and says after each
// file that it is through. Arguments: the golden images, and how many of each format.
import { readImageHeader } from "../../../src/data/image_header.ts";
import { readJpegFrame } from "../../../src/data/jpeg_frame.ts";
import { readOrientation, readTiffDirectory } from "../../../src/data/tiff_directory.ts";
import { readWebp } from "../../../src/data/webp_container.ts";
import { DomainError } from "../../../src/domain/errors.ts";
import { damage, drawer } from "./damage.ts";

const [golden, count] = Deno.args, draw = drawer(20_261_125);
const { cases }: { cases: { name: string; file: string }[] } = JSON.parse(Deno.readTextFileSync(golden));

/** What a parser that throws only plain errors makes of a file: whoever calls it tells them as the file's. */
const part = (read: (bytes: Uint8Array<ArrayBuffer>) => unknown) => (bytes: Uint8Array<ArrayBuffer>) => {
  try {
    read(bytes);
    return "read";
  } catch {
    return "refused";
  }
};
/** The door that every image comes in by may throw nothing but what it says. */
function header(bytes: Uint8Array<ArrayBuffer>): string {
  try {
    const { width, height, orientation } = readImageHeader(bytes);
    const sound = [width, height].every((side) => Number.isInteger(side) && side >= 0) &&
      orientation >= 1 && orientation <= 8;
    return sound ? "read" : `broken: ${width}×${height}, turned ${orientation}`;
  } catch (error) {
    return error instanceof DomainError ? "refused" : `fault: ${error}`;
  }
}
/** Every value of every tag that means something, and of one that does not. */
const directory = (bytes: Uint8Array) => {
  const { values } = readTiffDirectory(bytes);
  for (let tag = 254; tag < 345; tag++) values(tag);
};
const PARSERS: Record<string, [name: string, read: (bytes: Uint8Array<ArrayBuffer>) => string][]> = {
  png: [["header", header]],
  jpeg: [["header", header], ["jpeg_frame", part(readJpegFrame)]],
  gif: [["header", header]],
  tiff: [["header", header], ["tiff_directory", part(directory)], ["orientation", part(readOrientation)]],
  webp: [["header", header], ["webp_container", part(readWebp)]],
  bmp: [["header", header]],
  pnm: [["header", header]],
};

for (const [format, parsers] of Object.entries(PARSERS)) {
  const files = cases.filter(({ name }) => name.startsWith(format)).map(({ file }) =>
    Uint8Array.fromBase64(file)
  );
  for (const [name, read] of parsers) {
    for (let n = 0; n < Number(count); n++) {
      const outcome = read(damage(files[draw(files.length)], draw));
      console.log(`${format}.${name} ${n} ${outcome}`);
    }
  }
}
