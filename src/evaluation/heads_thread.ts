/** HeadsWorker's thread: embeddings in; classifiers, what they answer and how good embeddings are, out. */
import type { HeadAnswer, HeadCall, HeadCalls, HeadRequest, SweepPoint } from "./heads_worker.ts";
import { accuracyOf, classify, type LinearHead } from "./linear_head.ts";
import { CentredRows, fitLogistic } from "./logistic_regression.ts";
import { embeddingQuality } from "./quality.ts";
import { SgdHeads } from "./sgd_heads.ts";

const thread = self as unknown as {
  onmessage: (event: MessageEvent<HeadRequest>) => void;
  postMessage(message: HeadAnswer): void;
};
let training: SgdHeads | undefined;

function inTraining(): SgdHeads {
  if (!training) throw new RangeError("Cannot train heads: nothing was begun");
  return training;
}

const CALLS: {
  [C in HeadCall]: (told: HeadCalls[C]["told"], progress: (share: number) => void) => HeadCalls[C]["answer"];
} = {
  sweep({ train, held, dim, classes, lambdas, ...limits }, progress) {
    const data = new CentredRows(train, dim, classes), points: SweepPoint[] = [];
    const order = [...lambdas.keys()].sort((a, b) => lambdas[b] - lambdas[a]);
    let start: LinearHead | undefined;
    for (const [done, at] of order.entries()) {
      const lambda = lambdas[at], { head, ...fit } = fitLogistic(data, lambda, { ...limits, start });
      points[at] = { lambda, top1: accuracyOf(classify(head, held.rows, held.labels)), ...fit };
      start = head;
      progress((done + 1) / order.length);
    }
    return points;
  },
  fit: ({ train, dim, classes, lambda, ...limits }) =>
    fitLogistic(new CentredRows(train, dim, classes), lambda, limits),
  begin(options) {
    training = new SgdHeads(options);
    return null;
  },
  epoch: ({ batch, ...data }) => inTraining().train(data, batch),
  heads: () => inTraining().heads,
  classify: ({ head, rows, labels }) => classify(head, rows, labels),
  quality: ({ rows, dim, pairs }) => embeddingQuality(rows, dim, pairs),
};

function answer<C extends HeadCall>({ id, call, told }: HeadRequest<C>): HeadAnswer {
  try {
    return { id, value: CALLS[call](told, (progress) => thread.postMessage({ id, progress })) };
  } catch (error) {
    return { id, failure: (error as Error).message };
  }
}

thread.onmessage = ({ data }) => thread.postMessage(answer(data));
