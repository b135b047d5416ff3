import { join } from "@std/path";
import { readModel } from "../checkpoint/checkpoint_reader.ts";
import type { PipelineCache } from "../gpu/pipeline.ts";
import { Canary } from "../inference/canary.ts";
import { Encoder } from "../inference/encoder.ts";
import { Preprocessor } from "../inference/preprocess.ts";
import { serveWorker } from "../ipc/worker_loop.ts";
import { openGpuSession, type WorkerOptions } from "./gpu_session.ts";
import { Serial } from "./serial.ts";
import { ViewPreviews } from "./view_previews.ts";

/** Encoders kept ready; the one that was not asked for the longest goes first. */
const MAX_ENCODERS = 4;

interface Loaded {
  encoder: Encoder;
  preprocessor: Preprocessor;
}

/**
 * The embedding child: images in, embeddings out, by whatever checkpoint a request names. It shows views, too, for it has a
 * GPU that is not busy for hours.
 */
export function runEmbedWorker(options: WorkerOptions): Promise<never> {
  const serial = new Serial(), loaded = new Map<string, Loaded>();
  let pipelines: PipelineCache, previews: ViewPreviews, canary: Canary, heldBytes = () => 0;
  return serveWorker({
    async ready() {
      const session = await openGpuSession(options, { measure: false });
      ({ pipelines, heldBytes } = session);
      canary = new Canary(pipelines);
      await canary.check(); // a worker that computes something else is none
      previews = new ViewPreviews(pipelines, join(options.dataDir, "datasets"));
      return session;
    },
    vitals: () => ({ gpuHeld: heldBytes() }),
    handle(request, payload, _say, signal) {
      if (request.type === "views") {
        return serial.run(async () => {
          signal.throwIfAborted();
          const { width, height, pixels } = await previews.make(request.request);
          return { result: { width, height }, payload: pixels };
        });
      }
      if (request.type === "canary") {
        return serial.run(async () => {
          await canary.check();
          return { result: {} };
        });
      }
      if (request.type !== "embed") {
        throw new TypeError(`Cannot serve ${request.type}: this worker embeds, and shows views`);
      }
      return serial.run(async () => {
        signal.throwIfAborted(); // whoever asked went away while this waited
        const taken = performance.now();
        const { encoder, preprocessor } = await load(request.checkpoint);
        const loaded = performance.now();
        let at = 0;
        const images = request.images.map(({ width, height }) => (
          { width, height, pixels: payload.subarray(at, at += width * height * 3) }
        ));
        const rows = await encoder.embedFrom(
          images.length,
          (x, from, count) => preprocessor.write(images.slice(from, from + count), x),
        );
        return {
          result: {
            ...{ rows: request.images.length, dim: encoder.dim },
            seconds: { load: (loaded - taken) / 1000, gpu: (performance.now() - loaded) / 1000 },
          },
          payload: new Uint8Array(rows.buffer),
        };
      });
    },
  });

  async function load(checkpoint: string): Promise<Loaded> {
    let entry = loaded.get(checkpoint);
    if (!entry) {
      const { tensors, config } = await readModel(join(options.dataDir, "checkpoints"), checkpoint);
      const { arch, preprocessing } = config;
      const encoder = new Encoder(pipelines, arch, preprocessing.px, tensors);
      entry = { encoder, preprocessor: new Preprocessor(pipelines, preprocessing) };
    }
    loaded.delete(checkpoint); // set again below, behind the others: a Map keeps the order of insertion
    loaded.set(checkpoint, entry);
    for (const [oldest, { encoder, preprocessor }] of loaded) {
      if (loaded.size <= MAX_ENCODERS) break;
      encoder.destroy();
      preprocessor.destroy();
      loaded.delete(oldest);
    }
    return entry;
  }
}
