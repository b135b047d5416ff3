/** `principalAxesOnThread`'s thread: a matrix in; its axes, or why there are none, out. */
import type { AxesAnswer, AxesRequest } from "./axes_worker.ts";
import { principalAxes } from "./principal_axes.ts";

const thread = self as unknown as {
  onmessage: (event: MessageEvent<AxesRequest>) => void;
  postMessage(message: AxesAnswer): void;
};

thread.onmessage = ({ data: { matrix, size, count } }) => {
  try {
    thread.postMessage({ axes: principalAxes(matrix, size, count) });
  } catch (error) {
    thread.postMessage({ failure: (error as Error).message });
  }
};
