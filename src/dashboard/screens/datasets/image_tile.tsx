import { useEffect, useLayoutEffect, useReducer, useRef } from "preact/hooks";
import { ApiImage } from "../../parts/api_image.tsx";
import type { AtlasCache, AtlasLayout } from "./atlas_cache.ts";
import type { Columns } from "./dataset_columns.ts";

/** The place whose tile is to take the focus, once: it may first have to be scrolled to. */
export interface Wanted {
  place: number;
  taken?: boolean;
}

/** An image as a button that opens it: cut out of its atlas, or fetched by itself. */
export function Tile({ id, n, place, px, columns, current, wanted, atlases, layout, onOpen }: {
  id: string;
  n: number;
  place: number;
  px: number;
  columns: Columns;
  /** Whether Tab comes to it: to one of all, from which arrows go on. */
  current: boolean;
  wanted: Wanted | undefined;
  /** Undefined: this image is fetched by itself. */
  atlases: AtlasCache | undefined;
  layout: AtlasLayout;
  onOpen: (n: number) => void;
}) {
  const words = describe(columns, n), button = useRef<HTMLButtonElement>(null);
  // In the same breath as the tile that had the focus goes: a key between the two would be nobody's.
  useLayoutEffect(() => {
    if (!wanted || wanted.taken) return;
    wanted.taken = true;
    button.current!.focus({ preventScroll: true });
  }, [wanted]);
  return (
    <button
      {...{ type: "button", class: "datasets-tile", title: words, "aria-label": words, "data-place": place }}
      {...{ ref: button, tabIndex: current ? 0 : -1, style: { width: px, height: px } }}
      onClick={() => onOpen(n)}
    >
      {atlases
        ? <Cut key={n} {...{ id, n, px, atlases, layout }} />
        : <ApiImage src={imagePath(id, n, px)} alt="" size={px} />}
    </button>
  );
}

/** Where an image comes from; twice as large as it is shown, for screens that have the pixels. */
export const imagePath = (id: string, n: number, px: number): string =>
  `/v1/datasets/${id}/items/${n}/image?px=${2 * px}`;

/** "Image 17: train, cat" */
export function describe({ split, splits, classes, class: label }: Columns, n: number): string {
  return `Image ${n}: ${splits[split[n]]}, ${classes[label[n]] ?? "without a class"}`;
}

function Cut({ id, n, px, atlases, layout: { perAtlas, columns, px: side } }: {
  id: string;
  n: number;
  px: number;
  atlases: AtlasCache;
  layout: AtlasLayout;
}) {
  const [, changed] = useReducer((count: number, _: void) => count + 1, 0);
  const atlas = Math.floor(n / perAtlas), place = n % perAtlas;
  useEffect(() => atlases.use(atlas, () => changed()), [atlases, atlas]);
  const url = atlases.urlOf(atlas), scale = px / side;
  if (atlases.hasFailed(atlas)) return <ApiImage src={imagePath(id, n, px)} alt="" size={px} />;
  if (!url) return <span class="datasets-cut api-image-coming" />;
  const [x, y] = [place % columns, Math.floor(place / columns)].map((at) => -at * side * scale);
  return (
    <span
      class="datasets-cut"
      style={{
        backgroundImage: `url("${url}")`,
        backgroundPosition: `${x}px ${y}px`,
        backgroundSize: `${columns * side * scale}px`,
      }}
    />
  );
}
