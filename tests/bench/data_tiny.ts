import { join } from "@std/path";
import { packTar } from "modern-tar";
import { FileDatasetLibrary } from "../../src/data/dataset_library.ts";
import { DecoderPool } from "../../src/data/decoder_pool.ts";
import { encodePng } from "../../src/data/encode_png.ts";
import { ingesterWith } from "../../src/data/ingest.ts";
import { DEFAULT_SETTINGS } from "../../src/domain/dataset.ts";
import { newId } from "../../src/domain/ids.ts";
import type { DataOptions } from "./data_bench.ts";
import { indexBytes } from "./data_reading.ts";
import { digits, printTable } from "./figures.ts";

const PX = 8, CLASSES = 10, MILLION = 1e6;
/** Of zeros at a tar's end. */
const END_BYTES = 1024;
/** The most that an image's entries in the index may come to. */
const TARGET_BYTES = 64;

/** Ingest of many images that are next to nothing: what is left is what each costs whatever its size. */
export async function tiny(
  directory: string,
  { images, workers }: DataOptions,
): Promise<Record<string, unknown>> {
  const decoder = new DecoderPool(workers), id = newId("ds"), home = join(directory, "tiny");
  await Deno.mkdir(home);
  const library = new FileDatasetLibrary({
    directory: home,
    ...{ ingester: ingesterWith(decoder), maxUploadBytes: 2 ** 40 },
  });
  try {
    const archiveBytes = await library.receive(id, { body: ReadableStream.from(tinyTar(images)) });
    const start = performance.now();
    const { counts } = await library.ingest(id, "tiny", { settings: DEFAULT_SETTINGS });
    const seconds = (performance.now() - start) / 1000, each = indexBytes(join(home, id)) / counts.images;
    const million = MILLION / counts.images;
    printTable(
      ["tiny images", "images>", "tar MB>", "seconds>", "images/s>", "index B/image>", "index MB>"],
      [
        ...[["measured", counts.images, 1], ["extrapolated", MILLION, million]].map((row) => {
          const [what, count, times] = row as [string, number, number];
          return [
            ...[what, String(count), digits(times * archiveBytes / 1e6), digits(times * seconds)],
            ...[digits(counts.images / seconds), digits(each), digits(each * count / 1e6)],
          ];
        }),
      ],
    );
    console.log(
      `target: at most ${TARGET_BYTES} bytes an image: ${each <= TARGET_BYTES ? "met" : "MISSED"}`,
    );
    return { images, workers, seconds, seconds_of_a_million: million * seconds, index_bytes: each };
  } finally {
    decoder.close();
    await library.remove(id);
  }
}

/** A tar of images of which no two are equal, some 600 at a time. */
export async function* tinyTar(images: number): AsyncGenerator<Uint8Array> {
  const STRETCH = 600, pixels = new Uint8Array(PX * PX * 3), view = new DataView(pixels.buffer);
  for (let from = 0; from < images; from += STRETCH) {
    const files = [];
    for (let n = from; n < Math.min(images, from + STRETCH); n++) {
      view.setUint32(0, n);
      const body = await encodePng({ width: PX, height: PX, pixels });
      const name = `train/class_${n % CLASSES}/${String(n).padStart(7, "0")}.png`;
      files.push({ header: { name, size: body.length }, body });
    }
    yield (await packTar(files)).subarray(0, -END_BYTES);
  }
  yield new Uint8Array(END_BYTES);
}
