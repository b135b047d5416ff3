// UMAP off the page's thread: it takes up to minutes. Ended by whoever started it, `Worker.terminate()`.
import { layOut } from "./umap.ts";
import type { UmapStage } from "./umap_stages.ts";

export interface UmapTask {
  values: Float32Array<ArrayBuffer>;
  columns: number;
}
export type UmapReply =
  | { type: "progress"; stage: UmapStage; done: number; total: number; positions?: Float32Array<ArrayBuffer> }
  | { type: "done"; positions: Float32Array<ArrayBuffer> }
  | { type: "failed"; message: string };

/** Between two answers, at least, in ms. */
const TELL_MS = 150;
const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<UmapTask>) => void;
  postMessage(reply: UmapReply): void;
};

scope.onmessage = ({ data }) => {
  let told = 0, before: UmapStage | undefined;
  try {
    const positions = layOut(data, (stage, done, total, positions) => {
      if (stage === before && performance.now() - told < TELL_MS) return;
      [told, before] = [performance.now(), stage];
      const own = positions as Float32Array<ArrayBuffer> | undefined;
      scope.postMessage({ type: "progress", stage, done, total, positions: own });
    });
    scope.postMessage({ type: "done", positions });
  } catch (error) {
    scope.postMessage({ type: "failed", message: (error as Error).message });
  }
};
