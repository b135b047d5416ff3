/** RankMeWorker's thread: embeddings in; their RankMe, or why there is none, out. */
import { rankMe } from "./rankme.ts";
import type { RankMeAnswer, RankMeRequest } from "./rankme_worker.ts";

const thread = self as unknown as {
  onmessage: (event: MessageEvent<RankMeRequest>) => void;
  postMessage(message: RankMeAnswer): void;
};

thread.onmessage = ({ data: { id, values, dim } }) => {
  try {
    thread.postMessage({ id, rank: rankMe(values, dim) });
  } catch (error) {
    thread.postMessage({ id, failure: (error as Error).message });
  }
};
