import source from "../../kernels/embedding_queue.wgsl" with { type: "text" };
import { foldGrid, type Recorder } from "../gpu/recorder.ts";
import { elemOf, type Tensor } from "../gpu/tensor.ts";

/** Embeddings that the queue holds. */
export const QUEUE_SLOTS = 512;

/**
 * Records that view 1's embeddings replace the oldest of the last QUEUE_SLOTS, from the row on that the step parameters
 * name; of a larger batch the last ones stay.
 *
 * @param embedding `[2N, dim]`: view 1's rows, then view 2's.
 * @returns The queue, `[QUEUE_SLOTS, dim]` f32, kept.
 */
export function recordEmbeddingQueue(recorder: Recorder, embedding: Tensor, step: Tensor): Tensor {
  const [rows, DIM] = embedding.shape, N = rows / 2;
  const queue = recorder.keep(recorder.alloc("embeddings.queue", [QUEUE_SLOTS, DIM]));
  recorder.dispatch(
    {
      name: "embedding_queue",
      source,
      elem: elemOf(embedding),
      overrides: { N, DIM, SLOTS: QUEUE_SLOTS },
    },
    [embedding, step, queue],
    foldGrid(Math.ceil((Math.min(N, QUEUE_SLOTS) * DIM) / 64)),
  );
  return queue;
}
