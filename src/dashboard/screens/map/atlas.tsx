import { useComputed } from "@preact/signals";
import { useEffect, useMemo, useState } from "preact/hooks";
import { setQuery } from "../../live/address.ts";
import { shownTheme } from "../../live/theme.ts";
import { formatCount, formatPercent } from "../../parts/format.ts";
import { AtlasThumbs } from "./atlas_thumbs.ts";
import { ChosenPanel } from "./chosen_panel.tsx";
import { FocusCard } from "./focus_card.tsx";
import { Legend } from "./legend.tsx";
import { groupBy } from "./looks.ts";
import type { Layout, MapData } from "./map_data.ts";
import { looksOf } from "./palette.ts";
import { ScatterPlot } from "./scatter_plot.tsx";
import { statesOf } from "./point_states.ts";
import { UmapStatus } from "./umap_status.tsx";
import { cancelUmap, umapOf } from "./umap_run.ts";

const NONE: ReadonlySet<number> = new Set();
/** A colour's value in the theme that is shown. */
const tokenOf = (token: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(token).trim();

/** The map with its legend, what is chosen of it, and the one image that is marked. */
export function Atlas({ data, model, colour, layout, item }: {
  data: MapData;
  model: string;
  colour: "class" | "split";
  layout: Layout;
  item: number | undefined;
}) {
  const [hidden, setHidden] = useState(NONE), [chosen, setChosen] = useState<readonly number[]>();
  const thumbs = useMemo(() => new AtlasThumbs(data.dataset, data.fingerprint), [data]);
  const grouping = useMemo(
    () => colour === "split" ? groupBy(data.splits, data.split) : groupBy(data.classes, data.class),
    [data, colour],
  );
  useEffect(() => setHidden(NONE), [grouping]);
  useEffect(() => () => cancelUmap(data), [data]); // what is not looked at is not worth a core
  const umap = layout === "umap" ? umapOf(data).value : undefined;
  const laidOut = umap && umap.status !== "failed" ? umap.positions : undefined;
  const positions = laidOut ?? data.positions, theme = useComputed(() => shownTheme.value).value;
  const looks = useMemo(() => looksOf(grouping, tokenOf), [grouping, theme]);
  const states = useMemo(() => statesOf(positions, grouping, hidden, chosen), [
    ...[positions, grouping, hidden, chosen],
  ]);
  const points = useMemo(
    () => ({ layout: laidOut ? "umap" : "pca", positions, looks, states }),
    [positions, looks, states],
  );
  const isOne = item !== undefined && item < data.items, focused = isOne ? item : undefined;
  const choose = (numbers: number[], adds: boolean) => {
    const all = adds && chosen ? [...new Set([...chosen, ...numbers])].sort((a, b) => a - b) : numbers;
    setChosen(all.length > 0 ? all : undefined);
  };
  const textOf = (n: number) =>
    [`Image ${n}`, data.classes[data.class[n]], data.splits[data.split[n]]].filter(Boolean).join(" · ");
  return (
    <div class="map-layout">
      <ScatterPlot
        {...{ points, focused, thumbs, textOf }}
        onPick={(n) => setQuery({ item: n })}
        onLasso={choose}
        onClear={() => setChosen(undefined)}
      >
        <div class="map-foot">
          {umap ? <UmapStatus umap={umap} data={data} /> : <Explained data={data} />}
          <span class="soft">{formatCount(data.items)} images · {formatCount(data.dim)} dimensions</span>
        </div>
      </ScatterPlot>
      <div class="map-side">
        {focused !== undefined && (
          <FocusCard
            dataset={data.dataset}
            model={model}
            n={focused}
            onClose={() => setQuery({ item: undefined })}
          />
        )}
        {chosen
          ? (
            <ChosenPanel
              {...{ chosen, grouping, dataset: data.dataset, focused }}
              onFocus={(n) => setQuery({ item: n })}
              onClear={() => setChosen(undefined)}
            />
          )
          : (
            <p class="soft map-tip">
              Draw around points with the lasso, or hold Shift, to see their images; Ctrl adds to them. Click
              a point to mark it.
            </p>
          )}
        <Legend
          title={colour === "split" ? "Splits" : "Classes"}
          {...{ grouping, hidden }}
          onHidden={setHidden}
          onChoose={(place) => {
            const all = Array.from(grouping.of.keys()).filter((n) => grouping.of[n] === place);
            choose(all, false);
          }}
        />
      </div>
    </div>
  );
}

/** What the two axes are, and how much of all they show. */
function Explained({ data: { explained } }: { data: MapData }) {
  const [first = 0, second = 0] = explained;
  return (
    <span>
      Across: {formatPercent(first)} of all variance; up: {formatPercent(second)}. The other{" "}
      {formatPercent(Math.max(0, 1 - first - second))} is not seen here.
    </span>
  );
}
