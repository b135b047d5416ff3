import process from "node:process";
import { join } from "@std/path";
import { FileDatasetLibrary } from "../../src/data/dataset_library.ts";
import type { DecoderKind } from "../../src/data/decode.ts";
import { loadSharp } from "../../src/data/decode_sharp.ts";
import { DecoderPool } from "../../src/data/decoder_pool.ts";
import { ingesterWith } from "../../src/data/ingest.ts";
import { DEFAULT_SETTINGS } from "../../src/domain/dataset.ts";
import { newId } from "../../src/domain/ids.ts";
import type { DataOptions } from "./data_bench.ts";
import { digits, median, printTable } from "./figures.ts";
import { UsageError } from "./options.ts";

/** Images a second of the clock, and of processor time: what one core would make if it were used to the full. */
interface Rate {
  clock: number;
  core: number;
}

const PILLOW = `
import io, sys, tarfile, time
from PIL import Image
count, clock, core = 0, time.perf_counter(), time.process_time()
for member in (archive := tarfile.open(sys.argv[1])):
    if member.isfile():
        Image.open(io.BytesIO(archive.extractfile(member).read())).convert("RGB").tobytes()
        count += 1
print(count / (time.perf_counter() - clock), count / (time.process_time() - core))`;

/**
 * Ingest of a real archive by each of our decoders, beside Pillow, which decodes the same on one thread and keeps nothing;
 * in turns.
 */
export async function ingest(
  directory: string,
  { tar, python, rounds, workers }: DataOptions,
): Promise<Record<string, unknown>> {
  const kinds: DecoderKind[] = ["wasm"], pillows: Rate[] = [];
  await loadSharp().then(
    () => kinds.push("sharp"),
    ({ message }) => console.log(`The row of sharp is left out: ${message}`),
  );
  const ours = kinds.map((kind) => ({
    kind,
    decoder: new DecoderPool(workers, undefined, kind),
    rates: [] as Rate[],
  }));
  const library = join(directory, "ingest");
  let images = 0;
  await Deno.mkdir(library);
  try {
    for (let round = 0; round < rounds; round++) {
      for (const { decoder, rates } of ours) {
        const taken = await ingestOnce(library, tar, decoder);
        rates.push(taken.rate);
        images = taken.images;
      }
      const pillow = await pillowRate(python, tar);
      if (pillow) pillows.push(pillow);
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw new UsageError(`Cannot use --tar: there is no ${tar}`);
    throw error;
  } finally {
    for (const { decoder } of ours) decoder.close();
  }
  const of = (rates: Rate[], which: keyof Rate) => median(rates.map((rate) => rate[which])) ?? NaN;
  const row = (name: string, rates: Rate[], what: string) => [
    ...[name, digits(of(rates, "clock")), digits(of(rates, "core")), what],
  ];
  const what = `${images} images, threads that decode: ${workers}; hashed and stored`;
  printTable(["ingest", "images/s>", "images/s a core>", ""], [
    ...ours.map(({ kind, rates }) => row(`latentd, ${kind}`, rates, what)),
    row(
      "Pillow",
      pillows,
      pillows.length ? "decoding alone, one thread" : `there is no Pillow in ${python} (--python)`,
    ),
  ]);
  const latentd = Object.fromEntries(ours.map(({ kind, rates }) => [kind, rates]));
  return { tar: tar.split("/").at(-1), images, workers, rounds, latentd, pillow: pillows };
}

/** Takes the archive in as a dataset of its own, which it removes again. */
async function ingestOnce(
  directory: string,
  tar: string,
  decoder: DecoderPool,
): Promise<{ images: number; rate: Rate }> {
  const library = new FileDatasetLibrary({
    directory,
    ingester: ingesterWith(decoder),
    maxUploadBytes: 2 ** 40,
  });
  const id = newId("ds");
  await library.receive(id, { body: (await Deno.open(tar)).readable });
  const clock = performance.now(), core = process.cpuUsage();
  const { images } = (await library.ingest(id, "bench", { settings: DEFAULT_SETTINGS })).counts;
  const { user, system } = process.cpuUsage(core);
  const rate = { clock: 1e3 * images / (performance.now() - clock), core: 1e6 * images / (user + system) };
  await library.remove(id);
  return { images, rate };
}

async function pillowRate(python: string, tar: string): Promise<Rate | undefined> {
  try {
    const command = new Deno.Command(python, { args: ["-c", PILLOW, tar], stderr: "null" });
    const { success, stdout } = await command.output();
    const [clock, core] = new TextDecoder().decode(stdout).split(" ").map(Number);
    return success ? { clock, core } : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
