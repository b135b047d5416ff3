import { Registry } from "prom-client";
import type { AnsweredRequest, DiskReport, StoreCounts, WorkerReport } from "../domain/measures.ts";
import type { Embedder, ImageDecoder, Ingester, Trainer } from "../domain/ports.ts";
import { embeddingMetrics } from "./embedding_metrics.ts";
import { httpMetrics } from "./http_metrics.ts";
import { ingestMetrics } from "./ingest_metrics.ts";
import { processMetrics } from "./process_metrics.ts";
import { storeMetrics } from "./store_metrics.ts";
import { trainingMetrics } from "./training_metrics.ts";
import { workerMetrics } from "./worker_metrics.ts";

/** Where figures come from that are asked for at each scrape. */
export interface Sources {
  counts(): StoreCounts;
  workers(): WorkerReport[];
  disk(): DiskReport | undefined;
  /** Bytes received over HTTP so far. */
  bytesReceived(): number;
}

/** Every series that the server has. Ports are measured by standing in front of them: what they do knows nothing of it. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #stop: () => void;
  /** To be told of every request that was answered. */
  readonly onAnswer: (request: AnsweredRequest) => void;

  constructor({ counts, workers, disk, bytesReceived }: Sources) {
    this.onAnswer = httpMetrics(this.#registry, bytesReceived);
    storeMetrics(this.#registry, counts);
    workerMetrics(this.#registry, workers);
    this.#stop = processMetrics(this.#registry, disk);
  }

  /** Prometheus' text format, version 0.0.4. */
  get contentType(): string {
    return this.#registry.contentType;
  }
  render(): Promise<string> {
    return this.#registry.metrics();
  }

  trainer(trainer: Trainer): Trainer {
    return trainingMetrics(this.#registry, trainer);
  }
  ingester(ingester: Ingester): Ingester {
    return ingestMetrics(this.#registry, ingester);
  }
  embeddings(
    decoder: ImageDecoder,
    client: Embedder,
    queue: (batches: Embedder) => Embedder,
  ): { decoder: ImageDecoder; embedder: Embedder } {
    return embeddingMetrics(this.#registry, decoder, client, queue);
  }

  /** Ends what measures by a timer. */
  close(): void {
    this.#stop();
  }
}
