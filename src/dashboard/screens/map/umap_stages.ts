// What the page and the worker both know of UMAP; the library itself is the worker's alone.

/** What is laid out by UMAP itself: its graph and its epochs take time and memory by their number, in one thread. */
export const UMAP_MOST = 20_000;
export type UmapStage = "neighbours" | "graph" | "layout" | "placing";
