import { join } from "@std/path";
import { readModel } from "../checkpoint/checkpoint_reader.ts";
import { preprocess } from "../data/preprocess.ts";
import type { Preprocessing } from "../domain/checkpoint.ts";
import type { PipelineCache } from "../gpu/pipeline.ts";
import { Encoder } from "../inference/encoder.ts";
import { serveWorker } from "../ipc/worker_loop.ts";
import { openGpuSession, type WorkerOptions } from "./gpu_session.ts";
import { Serial } from "./serial.ts";

/** Encoders kept ready; the one that was not asked for the longest goes first. */
const MAX_ENCODERS = 4;

interface Loaded {
  encoder: Encoder;
  preprocessing: Preprocessing;
}

/** The embedding child: images in, embeddings out, by whatever checkpoint a request names. */
export function runEmbedWorker(options: WorkerOptions): Promise<never> {
  const serial = new Serial(), loaded = new Map<string, Loaded>();
  let pipelines: PipelineCache;
  return serveWorker({
    async ready() {
      const session = await openGpuSession(options);
      pipelines = session.pipelines;
      return session;
    },
    handle(request, payload, _say, signal) {
      if (request.type !== "embed") {
        throw new TypeError(`Cannot serve ${request.type}: this worker embeds`);
      }
      return serial.run(async () => {
        signal.throwIfAborted(); // whoever asked went away while this waited
        const { encoder, preprocessing } = await load(request.checkpoint);
        const length = preprocessing.px ** 2 * 3, inputs = new Float32Array(request.images.length * length);
        let at = 0;
        for (const [i, { width, height }] of request.images.entries()) {
          const pixels = payload.subarray(at, at += width * height * 3);
          inputs.set(preprocess({ width, height, pixels }, preprocessing), i * length);
        }
        const rows = await encoder.embed(inputs);
        return {
          result: { rows: request.images.length, dim: encoder.dim },
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
      entry = { encoder: new Encoder(pipelines, arch, preprocessing.px, tensors), preprocessing };
    }
    loaded.delete(checkpoint); // set again below, behind the others: a Map keeps the order of insertion
    loaded.set(checkpoint, entry);
    for (const [oldest, { encoder }] of loaded) {
      if (loaded.size <= MAX_ENCODERS) break;
      encoder.destroy();
      loaded.delete(oldest);
    }
    return entry;
  }
}
