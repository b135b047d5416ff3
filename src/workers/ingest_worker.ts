import type { DecoderKind } from "../data/decode.ts";
import { loadSharp } from "../data/decode_sharp.ts";
import { DecoderPool } from "../data/decoder_pool.ts";
import { ingestArchive } from "../data/ingest.ts";
import { DomainError } from "../domain/errors.ts";
import { diskFull } from "../data/spool.ts";
import type { IngestStanding } from "../domain/ports.ts";
import { serveWorker } from "../ipc/worker_loop.ts";

/** How often a request tells how far it is: often enough to watch, and a sign of life that the server waits for. */
const TOLD_EVERY_MS = 500;

/**
 * The ingesting child: archives in, images on disk. A process and not a thread, because Deno cannot end a thread that loops
 * for ever: what hangs over a hostile archive is killed from outside, and its decoding threads with it.
 *
 * @param options `decodeWorkers`: threads that decode; `imageDecoder`: by what.
 */
export function runIngestWorker(
  { decodeWorkers, imageDecoder }: { decodeWorkers: number; imageDecoder: DecoderKind },
): Promise<never> {
  const decoder = new DecoderPool(decodeWorkers, undefined, imageDecoder);
  return serveWorker({
    async ready() {
      // Without it nothing is taken in: the server does not start, and says what is said here.
      if (imageDecoder === "sharp") {
        await loadSharp().catch(({ message }) => {
          throw new DomainError("unavailable", message);
        });
      }
      return { adapter: `${decodeWorkers} CPU threads, ${imageDecoder}`, failed: new Promise(() => {}) };
    },
    async handle(request, _payload, say, signal) {
      if (request.type !== "ingest") {
        throw new TypeError(`Cannot serve ${request.type}: this worker ingests`);
      }
      const { name, archive, dataset, settings, part } = request;
      let standing: IngestStanding | undefined;
      const timer = setInterval(() => say({ type: "ingesting", standing }), TOLD_EVERY_MS);
      try {
        const onProgress = (so: IngestStanding) => void (standing = so);
        const task = { settings, part, signal, onProgress };
        const summary = await ingestArchive(name, archive, dataset, decoder, task);
        return { result: { summary, hung: decoder.hung } };
      } catch (error) {
        throw diskFull(error) ?? error; // told by the system's code, which does not cross to the server
      } finally {
        clearInterval(timer);
        if (standing) await say({ type: "ingesting", standing }); // whoever counts gets the whole
      }
    },
  });
}
