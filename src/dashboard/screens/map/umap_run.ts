import { type Signal, signal } from "@preact/signals";
import { type MapData, umapInput } from "./map_data.ts";
import { UMAP_MOST, type UmapStage } from "./umap_stages.ts";
import type { UmapReply, UmapTask } from "./umap_worker.ts";

export type UmapState =
  | {
    status: "running";
    stage: "fetching" | UmapStage;
    done: number;
    total: number;
    positions?: Float32Array<ArrayBuffer>;
  }
  | { status: "done"; positions: Float32Array<ArrayBuffer>; laid: number }
  | { status: "failed"; error: Error };

interface Run {
  state: Signal<UmapState>;
  stop: AbortController;
}
/** By map: what has been laid out is kept as long as the page is. */
const runs = new Map<string, Run>();
const KEPT = 4;

const keyOf = ({ checkpoint, dataset, fingerprint }: MapData): string =>
  `${checkpoint} ${dataset} ${fingerprint}`;

/** A map's UMAP, begun if it has not been. */
export function umapOf(data: MapData): Signal<UmapState> {
  const key = keyOf(data), kept = runs.get(key);
  if (kept) return kept.state;
  const state = signal<UmapState>({ status: "running", stage: "fetching", done: 0, total: 0 });
  const run = { state, stop: new AbortController() };
  runs.set(key, run);
  for (const [old, { state }] of runs) {
    if (runs.size <= KEPT) break;
    if (state.peek().status !== "running") runs.delete(old);
  }
  work(data, run).catch((error) => {
    if (!run.stop.signal.aborted) state.value = { status: "failed", error };
  });
  return state;
}

/** Ends and forgets a map's UMAP that is under way, or has failed: asking for it again begins anew. */
export function cancelUmap(data: MapData): void {
  const run = runs.get(keyOf(data));
  if (!run || run.state.peek().status === "done") return;
  run.stop.abort();
  runs.delete(keyOf(data));
}

async function work(data: MapData, { state, stop }: Run): Promise<void> {
  const { values, columns } = await umapInput(data, stop.signal);
  const script = document.querySelector<HTMLMetaElement>('meta[name="worker:umap_worker"]')!.content;
  const worker = new Worker(script, { type: "module" });
  stop.signal.addEventListener("abort", () => worker.terminate());
  worker.onmessage = ({ data: reply }: MessageEvent<UmapReply>) => {
    if (stop.signal.aborted) return;
    if (reply.type === "progress") {
      const before = state.peek();
      const positions = reply.positions ?? (before.status === "running" ? before.positions : undefined);
      state.value = { status: "running", ...reply, positions };
      return;
    }
    worker.terminate();
    state.value = reply.type === "done"
      ? { status: "done", positions: reply.positions, laid: Math.min(UMAP_MOST, data.items) }
      : { status: "failed", error: new Error(reply.message) };
  };
  worker.onerror = (event) => {
    event.preventDefault();
    worker.terminate();
    state.value = { status: "failed", error: new Error(event.message || "The worker could not be started") };
  };
  const task: UmapTask = { values, columns };
  worker.postMessage(task, [values.buffer]);
}
