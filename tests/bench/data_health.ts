import { fromFileUrl, join } from "@std/path";
import { crc32 } from "node:zlib";
import { TestServer } from "../e2e/server.ts";
import type { DataOptions } from "./data_bench.ts";
import { noiseTar } from "./data_memory.ts";
import { upload } from "./data_upload.ts";
import { digits, printTable } from "./figures.ts";
import { Probe } from "./health_probe.ts";

const TARGET_MS = 50;
/** Of the tar of images, of the one that a bomb unpacks to; and entries of the zip. */
const LARGE_BYTES = 400e6, BOMB_BYTES = 2e9, ENTRIES = 500_000;

/** How long a real server takes to say that it is well while it takes in what is large or hostile. */
export async function health(
  directory: string,
  { seconds, workers }: DataOptions,
): Promise<Record<string, unknown>> {
  const files = join(directory, "archives"), rows: Record<string, number | string>[] = [];
  await Deno.mkdir(files);
  await Deno.writeFile(join(files, "large"), ReadableStream.from(noiseTar(LARGE_BYTES)));
  await Deno.writeFile(
    join(files, "bomb"),
    (ReadableStream.from(zeros()) as ReadableStream<BufferSource>).pipeThrough(new CompressionStream("gzip")),
  );
  await Deno.writeFile(join(files, "entries"), ReadableStream.from(manyEntries()));
  await Deno.copyFile(
    fromFileUrl(new URL("../golden/endless.parquet", import.meta.url)),
    join(files, "endless"),
  );
  const server = await TestServer.start(join(directory, "health"), { DECODE_WORKERS: String(workers) });
  await server.child("embed");
  const probe = new Probe(`${server.url}/healthz`);
  const during = async (what: string, work: () => Promise<string>) => {
    const start = performance.now(), { asked, p50, p99, max, result: outcome } = await probe.during(work);
    const seconds = (performance.now() - start) / 1000;
    rows.push({ what, outcome: outcome!, seconds, asked, p50_ms: p50, p99_ms: p99, max_ms: max });
  };
  try {
    await during("nothing", () => new Promise((resolve) => setTimeout(() => resolve(""), 1000 * seconds)));
    for (const name of ["large", "bomb", "entries", "endless"]) {
      let id = "";
      await during(`upload: ${name}`, async () => {
        id = await upload(server, name, (await Deno.open(join(files, name))).readable);
        return "";
      });
      await during(`ingest: ${name}`, async () => {
        const { status, error } = await server.until(
          () => server.json(`/v1/datasets/${id}`),
          ({ status }) => status !== "ingesting",
          3600,
        );
        return (error as { code: string } | undefined)?.code ?? status;
      });
    }
  } finally {
    probe.close();
    await server.stop();
  }
  printTable(
    ["/healthz during", "", "seconds>", "asked>", "p50 ms>", "p99 ms>", "most ms>"],
    rows.map((row) => [
      ...[row.what, row.outcome].map(String),
      ...[row.seconds, row.asked, row.p50_ms, row.p99_ms, row.max_ms].map((value) => digits(Number(value))),
    ]),
  );
  const most = Math.max(...rows.map((row) => Number(row.max_ms)));
  console.log(`target: below ${TARGET_MS} ms throughout: ${most < TARGET_MS ? "met" : "MISSED"}`);
  return { workers, rows };
}

/** What a bomb unpacks to: one file of zeros. */
function* zeros(): Generator<Uint8Array<ArrayBuffer>> {
  const header = new Uint8Array(512),
    put = (at: number, text: string) => header.set(new TextEncoder().encode(text), at);
  put(0, "1.png");
  put(
    100,
    "0000644\0" + "0000000\0".repeat(2) + "77777777777\0" + "0".repeat(11) + "\0" + " ".repeat(8) + "0",
  );
  put(257, "ustar\x0000");
  put(148, header.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, "0") + "\0 ");
  yield header;
  for (let sent = 0, chunk = new Uint8Array(2 ** 20); sent < BOMB_BYTES; sent += chunk.length) {
    yield chunk;
  }
}

/** A zip of many empty files, as fine as any but for their number. */
function* manyEntries(): Generator<Uint8Array> {
  const NAME = 12, STRETCH = 10_000, encoder = new TextEncoder();
  const local = new Uint8Array(30 + NAME), row = new Uint8Array(46 + NAME);
  const [head, central] = [local, row].map(({ buffer }) => new DataView(buffer));
  head.setUint32(0, 0x04034b50, true);
  head.setUint16(26, NAME, true);
  head.setUint32(14, crc32(new Uint8Array()), true);
  central.setUint32(0, 0x02014b50, true);
  central.setUint16(28, NAME, true);
  for (
    const [unit, fill] of [[local, () => {}], [
      row,
      (n: number) => central.setUint32(42, n * local.length, true),
    ]] as const
  ) {
    for (let from = 0; from < ENTRIES; from += STRETCH) {
      const stretch = new Uint8Array(STRETCH * unit.length);
      for (let i = 0; i < STRETCH; i++) {
        fill(from + i);
        encoder.encodeInto(`${String(from + i).padStart(8, "0")}.png`, unit.subarray(-NAME));
        stretch.set(unit, i * unit.length);
      }
      yield stretch;
    }
  }
  const end = new DataView(new ArrayBuffer(56 + 20 + 22)),
    start = ENTRIES * local.length,
    size = ENTRIES * row.length;
  end.setUint32(0, 0x06064b50, true);
  end.setBigUint64(4, 44n, true);
  for (const at of [24, 32]) end.setBigUint64(at, BigInt(ENTRIES), true);
  end.setBigUint64(40, BigInt(size), true);
  end.setBigUint64(48, BigInt(start), true);
  end.setUint32(56, 0x07064b50, true);
  end.setBigUint64(64, BigInt(start + size), true);
  end.setUint32(72, 1, true);
  end.setUint32(76, 0x06054b50, true);
  for (const at of [84, 86]) end.setUint16(at, 0xffff, true);
  for (const at of [88, 92]) end.setUint32(at, 0xffffffff, true);
  yield new Uint8Array(end.buffer);
}
