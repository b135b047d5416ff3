import { join } from "@std/path";
import { readModel } from "../checkpoint/checkpoint_reader.ts";
import { notAClassifier } from "../domain/checkpoint.ts";
import { checkId, isId } from "../domain/ids.ts";
import type { PipelineCache } from "../gpu/pipeline.ts";
import { Canary } from "../inference/canary.ts";
import { Encoder } from "../inference/encoder.ts";
import { Head } from "../inference/head.ts";
import { Preprocessor } from "../inference/preprocess.ts";
import { ResidentModels } from "../inference/resident_models.ts";
import { serveWorker } from "../ipc/worker_loop.ts";
import { type GpuSession, openGpuSession, type WorkerOptions } from "./gpu_session.ts";
import { answerNeighbors } from "./neighbor_answers.ts";
import { NeighborIndexes, ResidentIndex } from "./neighbor_indexes.ts";
import { Projections } from "./projections.ts";
import { Serial } from "./serial.ts";
import { ViewPreviews } from "./view_previews.ts";

/** What models may hold where nothing is set: of a CPU adapter's free memory, and of a GPU, which tells of none. */
const SOFTWARE_SHARE = 0.25, GPU_BYTES = 2 ** 31;
/** A batch that runs for longer is not held up by a driver that compiles: larger ones are not run to make them warm. */
const WARM_ENOUGH_MS = 1000;

/** An encoder and what its images need. */
class ServedModel {
  /** @param head Undefined where it only embeds. */
  constructor(readonly encoder: Encoder, readonly preprocessor: Preprocessor, readonly head?: Head) {}
  get heldBytes(): number {
    return this.encoder.heldBytes;
  }
  destroy(): void {
    this.encoder.destroy();
    this.preprocessor.destroy();
  }
}

/**
 * The embedding child: images in, embeddings out, by whatever checkpoint a request names. It finds neighbours among a
 * dataset's, and shows views, for it has a GPU that is not busy for hours.
 */
export function runEmbedWorker(
  options: WorkerOptions & {
    /** The most bytes of GPU memory that models and indexes may hold; 0 where that is not for the operator to say. */
    embedMemoryBytes: number;
  },
): Promise<never> {
  const serial = new Serial(), checkpoints = join(options.dataDir, "checkpoints");
  let pipelines: PipelineCache, previews: ViewPreviews, canary: Canary, heldBytes = () => 0;
  let models = new ResidentModels<ServedModel | ResidentIndex>(0, load), indexes: NeighborIndexes;
  let projections: Projections;
  return serveWorker({
    async ready() {
      const session = await openGpuSession(options, { measure: false });
      ({ pipelines, heldBytes } = session);
      models = new ResidentModels(options.embedMemoryBytes || defaultBudget(session), load);
      canary = new Canary(pipelines);
      await canary.check(); // a worker that computes something else is none
      previews = new ViewPreviews(pipelines, join(options.dataDir, "datasets"));
      indexes = new NeighborIndexes({
        ...{ pipelines, serial, dataDir: options.dataDir, use: useModel, maxBytes: models.maxBytes },
        useIndex: (name, work) => models.use(name, async (index) => await work(index as ResidentIndex)),
      });
      projections = new Projections({ pipelines, serial, dataDir: options.dataDir });
      return session;
    },
    vitals: () => ({
      gpuHeld: heldBytes(),
      models: models.list().flatMap(({ id, bytes }) => isId("ckpt", id) ? [{ checkpoint: id, bytes }] : []),
    }),
    async handle(request, payload, say, signal) {
      if (request.type === "views") {
        return serial.run(async () => {
          await new Promise((resolve) => setTimeout(resolve)); // input is read meanwhile: nobody may want it any more
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
      if (request.type === "warm") return await warm(request.checkpoint, signal);
      if (request.type === "index") {
        await indexes.build(request.key, say, signal);
        return { result: {} };
      }
      if (request.type === "project") {
        await projections.make(request.key, say, signal);
        return { result: {} };
      }
      if (request.type === "neighbors") {
        const found = await answerNeighbors(indexes, request, payload, signal);
        return { result: {}, payload: new TextEncoder().encode(JSON.stringify(found)) };
      }
      if (request.type !== "embed") {
        throw new TypeError(`Cannot serve ${request.type}: this worker embeds, and shows views`);
      }
      return serial.run(async () => {
        signal.throwIfAborted(); // whoever asked went away while this waited
        const taken = performance.now();
        return await useModel(request.checkpoint, async ({ encoder, preprocessor, head }) => {
          if (request.classify && !head) throw notAClassifier(request.checkpoint);
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
            payload: new Uint8Array((request.classify ? head!.scores(rows) : rows).buffer),
          };
        });
      });
    },
  });

  /** Makes a model ready as far as there is room for it, a batch size at a time: whoever asks meanwhile waits for one. */
  async function warm(checkpoint: string, signal: AbortSignal): Promise<{ result: { batches: number } }> {
    const { size } = await Deno.stat(join(checkpoints, checkId("ckpt", checkpoint), "model.safetensors"));
    let batches = 0, run = true, isDone = false;
    while (!isDone) {
      isDone = await serial.run(async () => {
        signal.throwIfAborted();
        if (!models.has(checkpoint) && (batches > 0 || !models.hasRoomFor(size))) return true;
        return await useModel(checkpoint, async ({ encoder }) => {
          const batch = encoder.batches[batches];
          if (batch === undefined || !models.hasRoomFor(encoder.planBytes(batch))) return true;
          const began = performance.now();
          await encoder.warm(batch, { run });
          run &&= performance.now() - began < WARM_ENOUGH_MS;
          batches++;
          return false;
        });
      });
    }
    return { result: { batches } };
  }

  function useModel<T>(checkpoint: string, work: (model: ServedModel) => Promise<T>): Promise<T> {
    return models.use(checkId("ckpt", checkpoint), (model) => work(model as ServedModel));
  }

  /** By its name a checkpoint is a model, and anything else is an index. */
  async function load(
    checkpoint: string,
    makeRoom: (bytes: number) => void,
  ): Promise<ServedModel | ResidentIndex> {
    if (!isId("ckpt", checkpoint)) return await indexes.load(checkpoint, makeRoom);
    const { tensors, config: { arch, preprocessing } } = await readModel(checkpoints, checkpoint);
    const encoder = new Encoder(pipelines, arch, preprocessing.px, tensors, makeRoom);
    return new ServedModel(encoder, new Preprocessor(pipelines, preprocessing), Head.of(tensors));
  }
}

const defaultBudget = ({ report: { software, limits } }: GpuSession): number =>
  software ? SOFTWARE_SHARE * Deno.systemMemoryInfo().available : Math.min(GPU_BYTES, limits.maxBufferSize);
