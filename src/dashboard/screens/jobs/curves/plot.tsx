import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type UPlot from "uplot";
import { shownTheme } from "../../../live/theme.ts";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatNumber,
  formatPercent,
} from "../../../parts/format.ts";
import type { Range } from "./curve_rows.ts";
import type { Panel } from "./panels.ts";
import { changeRange, type Line, type PlotData, type XAxis } from "./plot_data.ts";
import { plotOptions } from "./plot_options.ts";

/** Loaded once, when the first plot is there. */
const loading = () => import("uplot");
const HEIGHT = 190;

interface PlotProps {
  panel: Panel;
  data: PlotData;
  axis: XAxis;
  /** What of the axis is shown; undefined: all. */
  zoom: Range | undefined;
  onZoom: (zoom: Range | undefined) => void;
  /** A value worth a line of its own. */
  mark?: { value: number; name: string };
  logarithmic: boolean;
}

/** A plot with its legend. Drag to zoom, double-click for all; by keyboard +, −, arrows and Escape. */
export function Plot({ panel, data, axis, zoom, onZoom, mark, logarithmic }: PlotProps) {
  const box = useRef<HTMLDivElement>(null), plot = useRef<UPlot>();
  const now = useRef<{ zoom?: Range; onZoom: PlotProps["onZoom"]; table?: UPlot.AlignedData }>({ onZoom }),
    [library, setLibrary] = useState<typeof UPlot>();
  const [at, setAt] = useState<number | null>(null);
  const table = useMemo(() => library && joined(library, data), [library, data]);
  now.current = { zoom, onZoom, table };
  const theme = shownTheme.value,
    shape = JSON.stringify([data.lines, axis, theme, mark, logarithmic, panel.id]);
  useEffect(() => void loading().then((module) => setLibrary(() => module.default)), []);
  useEffect(() => {
    if (!library) return;
    const options = plotOptions({
      ...{ lines: data.lines, unit: panel.unit, axis, mark, logarithmic, library },
      ...{ width: box.current!.clientWidth, height: HEIGHT },
      zoomed: () => now.current.zoom,
      onZoom: (range) => now.current.onZoom(range),
      onCursor: (place) => setAt(place),
    });
    const made = plot.current = new library(options, now.current.table, box.current!);
    const watcher = new ResizeObserver(() =>
      made.setSize({ width: box.current!.clientWidth, height: HEIGHT })
    );
    watcher.observe(box.current!);
    return () => {
      watcher.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [library, shape]);
  useEffect(() => {
    if (table) plot.current?.setData(table);
  }, [table, zoom?.[0], zoom?.[1]]);
  const bounds = (): Range | undefined => {
    const xs = data.tables.map(([x]) => x).filter((x) => x.length > 0);
    return xs.length > 0
      ? [Math.min(...xs.map((x) => x[0])), Math.max(...xs.map((x) => x.at(-1)!))]
      : undefined;
  };
  const press = (event: KeyboardEvent) => {
    const all = bounds(), shown = zoom ?? all;
    const change = {
      "+": { factor: 0.5 },
      "=": { factor: 0.5 },
      "-": { factor: 2 },
      ArrowLeft: { move: -0.2 },
      ArrowRight: { move: 0.2 },
    }[event.key];
    if (!all || !shown || (!change && event.key !== "Escape") || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    onZoom(change && changeRange(shown, all, change));
  };
  const { lines } = data, shown = lines.filter(({ raw }) => !raw);
  const values = table && valuesAt(table, lines, at);
  const said = shown.map((line) => `${line.name} ${format(values?.get(line), panel)}`).join(", ");
  const points = data.tables.reduce((sum, [x]) => sum + x.length, 0);
  return (
    <figure class="card jobs-plot">
      <figcaption>
        <h3 title={panel.about}>{panel.title}</h3>
        <span class="jobs-legend">
          {shown.map((line) => (
            <span key={line.name}>
              <Swatch line={line} />
              {shown.length > 1 && <span class="jobs-legend-name">{line.name}</span>}
              <b>{format(values?.get(line), panel)}</b>
            </span>
          ))}
          {mark && (
            <span class="soft">
              <Swatch line={{ color: "--good", dashed: true }} />
              {mark.name}
            </span>
          )}
        </span>
        <span class="soft jobs-plot-at">
          {at !== null && table ? placeOf(table[0][at] ?? 0, axis) : ""}
        </span>
      </figcaption>
      <div
        {...{ ref: box, class: "jobs-canvas", tabIndex: 0, role: "img", onKeyDown: press }}
        aria-label={`${panel.title}: ${said}. ${formatCount(points)} points. ${panel.about}`}
      />
    </figure>
  );
}

function Swatch({ line: { color, dashed } }: { line: Pick<Line, "color" | "dashed"> }) {
  return (
    <svg class="jobs-swatch" width="14" height="8" aria-hidden="true">
      <path
        d="M0 4h14"
        style={{ stroke: `var(${color})` }}
        stroke-width="2"
        stroke-dasharray={dashed ? "4 3" : undefined}
      />
    </svg>
  );
}

const joined = (library: typeof UPlot, { tables }: PlotData): UPlot.AlignedData =>
  tables.length === 1 ? tables[0] : library.join(tables);

/** Each line's value at a place, or near before it; without a place its last. */
function valuesAt(
  data: UPlot.AlignedData,
  lines: readonly Line[],
  at: number | null,
): Map<Line, number | undefined> {
  return new Map(lines.map((line, n) => {
    const values = data[n + 1] ?? [];
    let i = at ?? values.length - 1;
    while (i > 0 && values[i] == null) i--;
    return [line, values[i] ?? undefined];
  }));
}
const format = (value: number | undefined, { unit, digits }: Panel): string =>
  unit === "share"
    ? formatPercent(value)
    : unit === "bytes"
    ? formatBytes(value)
    : formatNumber(value, digits);
const placeOf = (x: number, axis: XAxis): string =>
  axis === "step" ? `step ${formatNumber(x)}` : formatDuration(x);
