import { setQuery } from "../../live/address.ts";
import { Button } from "../../parts/button.tsx";
import { formatCount } from "../../parts/format.ts";
import { ProgressBar } from "../../parts/progress_bar.tsx";
import type { MapData } from "./map_data.ts";
import { cancelUmap, type UmapState } from "./umap_run.ts";

const STAGES = {
  fetching: "fetching components",
  neighbours: "finding neighbours",
  graph: "joining them into a graph",
  layout: "laying out",
  placing: "placing the others",
};

/** How far UMAP is, and what its picture is worth. */
export function UmapStatus({ umap, data }: { umap: UmapState; data: MapData }) {
  const leave = () => {
    cancelUmap(data);
    setQuery({ layout: undefined });
  };
  if (umap.status === "failed") {
    return (
      <span class="row" role="alert">
        UMAP failed: {umap.error.message} <Button size="small" onClick={leave}>Back to PCA</Button>
      </span>
    );
  }
  if (umap.status === "running") {
    const { stage, done, total } = umap;
    return (
      <span class="row map-umap">
        <span role="status">UMAP: {STAGES[stage]}</span>
        <span class="map-umap-bar">
          <ProgressBar value={total > 1 ? done : undefined} max={total} label="UMAP" />
        </span>
        <Button size="small" icon="stop" onClick={leave}>Cancel</Button>
      </span>
    );
  }
  return (
    <span role="status">
      {umap.laid < data.items
        ? `UMAP of ${
          formatCount(umap.laid)
        } images, every so-manieth, as many as a browser lays out in minutes; the other ${
          formatCount(data.items - umap.laid)
        } stand between their five nearest of those.`
        : "UMAP: who is near whom counts, not how far clusters lie apart."}
    </span>
  );
}
