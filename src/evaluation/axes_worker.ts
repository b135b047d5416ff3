import type { PrincipalAxes } from "./principal_axes.ts";

export interface AxesRequest {
  matrix: Float64Array<ArrayBuffer>;
  size: number;
  count: number;
}
export type AxesAnswer = { axes: PrincipalAxes } | { failure: string };

/**
 * As `principalAxes`, on a thread of its own: what takes seconds must not keep a worker from saying that it lives.
 *
 * @param matrix Given away.
 * @throws What `signal` was aborted with.
 */
export async function principalAxesOnThread(
  matrix: Float64Array<ArrayBuffer>,
  size: number,
  count: number,
  signal: AbortSignal,
): Promise<PrincipalAxes> {
  signal.throwIfAborted();
  const thread = new Worker(new URL("./axes_thread.ts", import.meta.url).href, { type: "module" });
  const { promise, resolve, reject } = Promise.withResolvers<PrincipalAxes>();
  const giveUp = () => reject(signal.reason);
  signal.addEventListener("abort", giveUp, { once: true });
  thread.onmessage = ({ data }: MessageEvent<AxesAnswer>) =>
    "axes" in data ? resolve(data.axes) : reject(new Error(`Cannot find principal axes: ${data.failure}`));
  thread.onerror = (event) => {
    event.preventDefault(); // else the error ends this process too
    reject(new Error(`Cannot find principal axes: their thread crashed: ${event.message}`));
  };
  thread.postMessage({ matrix, size, count } satisfies AxesRequest, [matrix.buffer]);
  try {
    return await promise;
  } finally {
    signal.removeEventListener("abort", giveUp);
    thread.terminate();
  }
}
