import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { EmbeddingStages } from "../domain/measures.ts";
import type { RgbImage } from "../domain/image.ts";
import type { Embedder, ImageDecoder } from "../domain/ports.ts";

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60];

/**
 * What is measured of embeddings.
 *
 * @param client Embeds batches.
 * @param queue Makes batches of requests.
 * @returns What does as `decoder` and as that queue, and is counted.
 */
export function embeddingMetrics(
  registry: Registry,
  decoder: ImageDecoder,
  client: Embedder,
  queue: (batches: Embedder) => Embedder,
): { decoder: ImageDecoder; embedder: Embedder } {
  const registers = [registry], labelNames = ["outcome"];
  const requests = new Counter({
    ...{ name: "latentd_embedding_requests_total", registers, labelNames },
    help: "Requests, or parts of large ones, that had images to embed, by how they ended.",
  });
  const batches = new Counter({
    ...{ name: "latentd_embedding_batches_total", registers, labelNames },
    help: "Batches sent to the embedding worker, by how they ended.",
  });
  const images = new Counter({
    ...{ name: "latentd_embedding_images_total", help: "Images embedded.", registers },
  });
  const sizes = new Histogram({
    ...{ name: "latentd_embedding_batch_images", registers },
    ...{
      help: "Images of a batch sent to the embedding worker.",
      buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
    },
  });
  const stages = new Histogram({
    ...{
      name: "latentd_embedding_stage_duration_seconds",
      registers,
      labelNames: ["stage"],
      buckets: SECONDS,
    },
    help:
      "By stage: decode, of an image; queue, of a request until it is in a batch; dispatch, of a batch until the " +
      "worker takes it up; load, of a checkpoint not at hand; gpu, of a batch.",
  });
  const inFlight = new Gauge({
    ...{ name: "latentd_embedding_images_in_flight", registers },
    help: "Images that are being decoded or embedded, or wait for that.",
  });
  // There before the first request, so that a rate has something to begin with.
  for (const outcome of ["done", "failed"]) {
    [requests, batches].forEach((counter) => counter.inc({ outcome }, 0));
  }
  for (const stage of ["decode", "queue", "dispatch", "load", "gpu"]) stages.zero({ stage });

  const observe = ({ queue: dispatch, load, gpu }: EmbeddingStages) => {
    for (const [stage, seconds] of Object.entries({ dispatch, load, gpu })) {
      stages.observe({ stage }, seconds);
    }
  };
  /** When an image's request came: a batch is of several. */
  const came = new WeakMap<RgbImage, { at: number }>();
  async function counted(counter: Counter, embed: () => Promise<Float32Array[]>): Promise<Float32Array[]> {
    let outcome = "failed";
    try {
      const rows = await embed();
      outcome = "done";
      return rows;
    } finally {
      counter.inc({ outcome });
    }
  }
  const ofBatches =
    (pass: "embed" | "classify"): Embedder["embed"] => async (checkpoint, batch, signal, onStages) => {
      const now = performance.now();
      for (const { at } of new Set(batch.flatMap((image) => came.get(image) ?? []))) {
        stages.observe({ stage: "queue" }, (now - at) / 1000);
      }
      sizes.observe(batch.length);
      const rows = await counted(batches, () =>
        client[pass](checkpoint, batch, signal, (stages) => {
          observe(stages);
          onStages?.(stages);
        }));
      images.inc(rows.length);
      return rows;
    };
  const queued = queue({
    ready: () => client.ready(),
    unready: () => client.unready(),
    views: (...request) => client.views(...request),
    embed: ofBatches("embed"),
    classify: ofBatches("classify"),
  });
  const ofRequests =
    (pass: "embed" | "classify"): Embedder["embed"] => async (checkpoint, wanted, ...rest) => {
      const request = { at: performance.now() };
      for (const image of wanted) came.set(image, request);
      inFlight.inc(wanted.length);
      try {
        return await counted(requests, () => queued[pass](checkpoint, wanted, ...rest));
      } finally {
        inFlight.dec(wanted.length);
      }
    };
  return {
    decoder: {
      async decode(...request) {
        const end = stages.startTimer({ stage: "decode" });
        inFlight.inc();
        try {
          return await decoder.decode(...request);
        } finally {
          inFlight.dec();
          end();
        }
      },
    },
    embedder: {
      ready: () => queued.ready(),
      unready: () => queued.unready(),
      views: (...request) => queued.views(...request),
      embed: ofRequests("embed"),
      classify: ofRequests("classify"),
    },
  };
}
