import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { authorization } from "../../live/session.ts";
import { VirtualList } from "../../parts/virtual.tsx";
import { AtlasCache, type AtlasLayout } from "./atlas_cache.ts";
import { atlasesPay, type Columns, type Places } from "./dataset_columns.ts";
import { Tile, type Wanted } from "./image_tile.tsx";

export type TileSize = "small" | "large";
export const SIZES: { name: TileSize; text: string; px: number }[] = [
  { name: "small", text: "Small", px: 64 },
  { name: "large", text: "Large", px: 144 },
];
const GAP = 4;
/** As the server lays atlases out: `GET /v1/datasets/{id}/atlases` says the same of every dataset. */
const LAYOUT: AtlasLayout = { perAtlas: 1024, columns: 32, px: 64 };

/** A filter as long as it is set: when it comes back it is another one. */
export interface View {
  name: string;
}

/** Images in rows, of which those that are seen are there; arrows, Home and End move among them. */
export function ImageGrid({ id, fingerprint, columns, places, view, size, goTo, onOpen }: {
  id: string;
  fingerprint: string;
  columns: Columns;
  places: Places;
  /** Another one begins at its top. */
  view: View;
  size: TileSize;
  /** A place in the view's images to scroll to. */
  goTo: { place: number; view: View } | undefined;
  onOpen: (n: number) => void;
}) {
  const box = useRef<HTMLDivElement>(null), [width, setWidth] = useState(0);
  const [asked, setFocus] = useState<Wanted & { view: View }>();
  // That of another view means nothing here. No effect may clear it: one runs after the paint, and may take away what a
  // key has asked for meanwhile.
  const focus = asked?.view === view ? asked : undefined;
  const { px: least } = SIZES.find(({ name }) => name === size)!;
  const across = Math.max(1, Math.floor((width + GAP) / (least + GAP)));
  const px = Math.floor((width + GAP) / across) - GAP; // the row is full
  const rows = useMemo(
    () => Array.from({ length: Math.ceil(places.count / across) }, (_, row) => row),
    [places, across],
  );
  const atlases = useAtlases(id, fingerprint), pay = size === "small" && atlasesPay(places, LAYOUT.perAtlas);
  const row = useMemo(() => focus && { row: Math.floor(focus.place / across) }, [focus, across]);
  useLayoutEffect(() => {
    const watcher = new ResizeObserver(() => setWidth(box.current!.clientWidth - 2 * GAP));
    watcher.observe(box.current!);
    return () => watcher.disconnect();
  }, []);
  useLayoutEffect(() => goTo && setFocus({ ...goTo }), [goTo]);
  const move = (event: KeyboardEvent) => {
    const at = Number((event.target as HTMLElement).dataset.place ?? NaN), last = places.count - 1;
    if (Number.isNaN(at) || event.ctrlKey || event.metaKey || event.altKey) return;
    const to = {
      ...{ ArrowRight: at + 1, ArrowLeft: at - 1, ArrowDown: at + across, ArrowUp: at - across },
      ...{ Home: 0, End: last, PageDown: at + 5 * across, PageUp: at - 5 * across },
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    setFocus({ place: Math.min(last, Math.max(0, to)), view });
  };
  const current = Math.min(focus?.place ?? 0, places.count - 1);
  return (
    <div class="datasets-grid" ref={box} onKeyDown={move}>
      {width > 0 && (
        <VirtualList
          key={view.name}
          {...{ label: "Images", rows, rowHeight: px + GAP, height: "min(72vh, 56rem)", goTo: row }}
          overscan={3}
          keyOf={(row) => row}
          render={(row) => (
            <div class="datasets-grid-row">
              {Array.from({ length: Math.min(across, places.count - row * across) }, (_, k) => {
                const place = row * across + k, n = places.at(place);
                return (
                  <Tile
                    key={n}
                    {...{ id, n, place, px, columns, current: place === current, onOpen }}
                    wanted={place === focus?.place ? focus : undefined}
                    atlases={pay ? atlases : undefined}
                    layout={LAYOUT}
                  />
                );
              })}
            </div>
          )}
        />
      )}
    </div>
  );
}

/** The atlases of a dataset as it is, as long as its grid is shown. */
function useAtlases(id: string, fingerprint: string): AtlasCache {
  const cache = useMemo(() =>
    new AtlasCache(async (n, signal) => {
      const query = new URLSearchParams({ px: String(LAYOUT.px), fingerprint });
      const response = await fetch(`/v1/datasets/${id}/atlases/${n}?${query}`, {
        headers: authorization(),
        signal,
      });
      if (!response.ok) throw new Error(`Atlas ${n}: ${response.status}`);
      return URL.createObjectURL(await response.blob());
    }), [id, fingerprint]);
  useEffect(() => () => cache.clear(), [cache]);
  return cache;
}
