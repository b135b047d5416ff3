import { join } from "@std/path";
import { packTar } from "modern-tar";
import { encodePng } from "../../src/data/encode_png.ts";
import { RandomStream } from "../../src/domain/philox.ts";
import { TestServer } from "../e2e/server.ts";
import type { DataOptions } from "./data_bench.ts";
import { upload } from "./data_upload.ts";
import { digits, mebibytes, printTable } from "./figures.ts";
import { residentBytes, treeOf } from "./processes.ts";

const PX = 256, CLASSES = 10;
/** Of zeros at a tar's end. */
const END_BYTES = 1024;
const TARGET_BYTES = 300 * 2 ** 20;
const LOOK_MS = 200, SETTLE_MS = 5000;

/** Resident memory of a real server while a generated tar streams in and is ingested. */
export async function memory(
  directory: string,
  { megabytes, workers }: DataOptions,
): Promise<Record<string, unknown>> {
  const dataDir = join(directory, "memory");
  const server = await TestServer.start(dataDir, { DECODE_WORKERS: String(workers) });
  await server.child("embed"); // so that what its start takes is not counted
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const watched = { server: server.process.pid, ingest: treeOf(server.process.pid, "ingest-worker")[0] };
  const look = () => ({ server: residentBytes(watched.server), ingest: residentBytes(watched.ingest) });
  const idle = look(), start = performance.now();
  const most: Record<string, typeof idle> = { upload: idle, ingest: idle };
  let phase = "upload";
  const watch = setInterval(() => {
    const now = look(), { server, ingest } = most[phase];
    if (now.server + now.ingest > server + ingest) most[phase] = now;
  }, LOOK_MS);
  try {
    const id = await upload(server, "large", noiseTar(megabytes * 1e6));
    const uploaded = (performance.now() - start) / 1000;
    phase = "ingest";
    const { status } = await server.until(
      () => server.json(`/v1/datasets/${id}`),
      ({ status }) => status !== "ingesting",
      3600,
    );
    if (status !== "ready") throw new Error(`the dataset is ${status}`);
    const seconds = (performance.now() - start) / 1000 - uploaded;
    const rows = Object.entries({ idle, ...most });
    printTable(["memory", "server>", "ingesting process>", "above idle>", "seconds>"], [
      ...rows.map(([what, { server, ingest }], i) => [
        ...[
          what,
          mebibytes(server),
          mebibytes(ingest),
          mebibytes(server + ingest - idle.server - idle.ingest),
        ],
        digits([NaN, uploaded, seconds][i]),
      ]),
    ]);
    const above = Math.max(...Object.values(most).map(({ server, ingest }) => server + ingest)) -
      idle.server - idle.ingest;
    console.log(
      `over a tar of ${megabytes} MB; target: at most ${mebibytes(TARGET_BYTES)} above idle: ${
        above <= TARGET_BYTES ? "met" : "MISSED"
      }`,
    );
    return { megabytes, workers, idle, most, above, upload_s: uploaded, ingest_s: seconds };
  } finally {
    clearInterval(watch);
    await server.stop();
  }
}

/** A tar of one noisy image under many names, a file at a time. */
export async function* noiseTar(bytes: number): AsyncGenerator<Uint8Array> {
  const random = new RandomStream(1, 96);
  const pixels = Uint8Array.from({ length: PX * PX * 3 }, () => random.below(256));
  const body = await encodePng({ width: PX, height: PX, pixels }), files = Math.ceil(bytes / body.length);
  for (let n = 0; n < files; n++) {
    const name = `train/${n % CLASSES}/${n}.png`;
    yield (await packTar([{ header: { name, size: body.length }, body }])).subarray(0, -END_BYTES);
  }
  yield new Uint8Array(END_BYTES);
}
