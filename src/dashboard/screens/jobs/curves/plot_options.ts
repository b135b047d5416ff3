import type UPlot from "uplot";
import { formatCount, formatDuration } from "../../../parts/format.ts";
import type { Range } from "./curve_rows.ts";
import { axisTexts } from "./axis_texts.ts";
import type { Panel } from "./panels.ts";
import type { Line, XAxis } from "./plot_data.ts";

/** A token's colour as it is now; `share` of it, of six hexadecimal digits. */
function colorOf(token: string, share = 1): string {
  const value = getComputedStyle(document.documentElement).getPropertyValue(token).trim();
  return share < 1 && /^#[0-9a-f]{6}$/i.test(value)
    ? value + Math.round(255 * share).toString(16).padStart(2, "0")
    : value;
}

/** How uPlot is to draw a panel. @param zoomed What is shown at the moment. @param onCursor Told which row the pointer is at. */
export function plotOptions(
  { lines, unit, axis, mark, logarithmic, library, width, height, zoomed, onZoom, onCursor }: {
    lines: readonly Line[];
    unit: Panel["unit"];
    axis: XAxis;
    mark?: { value: number; name: string };
    logarithmic: boolean;
    library: typeof UPlot;
    width: number;
    height: number;
    zoomed: () => Range | undefined;
    onZoom: (range: Range | undefined) => void;
    onCursor: (place: number | null) => void;
  },
): UPlot.Options {
  const font = `11px ${getComputedStyle(document.body).fontFamily}`;
  const common = {
    ...{ font, stroke: colorOf("--text-3"), ticks: { show: false } },
    grid: { stroke: colorOf("--line"), width: 1 },
  };
  const xOf = (value: number) => axis === "step" ? formatCount(value) : formatDuration(Math.max(0, value));
  return {
    ...{ width, height, legend: { show: false }, padding: [10, 18, 0, 0] },
    cursor: {
      sync: { key: "curves", setSeries: false },
      drag: { x: true, y: false, setScale: false },
      y: false,
      points: { size: 6 },
      bind: { dblclick: () => () => (onZoom(undefined), null) },
    },
    scales: {
      x: {
        time: false,
        range: (
          _,
          least,
          most,
        ) => [...(zoomed() ?? (least === most ? [least - 1, most + 1] : [least, most]))],
      },
      y: {
        distr: logarithmic ? 3 : 1,
        ...(logarithmic ? {} : {
          range: (_, least, most) => {
            if (least == null) return [0, 1];
            const low = mark ? Math.min(least, mark.value) : least,
              high = mark ? Math.max(most, mark.value) : most;
            const [from, to] = library.rangeNum(low, high, 0.08, true) as [number, number];
            return [
              low >= 0 ? Math.max(0, from) : from,
              unit === "share" && high <= 1 ? Math.min(1, to) : to,
            ];
          },
        }),
      },
    },
    axes: [
      { ...common, space: axis === "step" ? 70 : 95, size: 28, values: (_, splits) => splits.map(xOf) },
      {
        ...common,
        size: (_, texts) => Math.max(56, 12 + 6.5 * longest(texts)),
        space: 32,
        values: (_, splits) => axisTexts(splits, unit),
      },
    ],
    series: [
      {},
      ...lines.map(({ color, dashed, raw, points }): UPlot.Series => ({
        stroke: colorOf(color, raw ? 0.3 : 1),
        width: raw ? 1 : 1.6,
        dash: dashed ? [5, 4] : undefined,
        spanGaps: true,
        points: { show: points, size: 6, fill: colorOf(color) },
      })),
    ],
    hooks: {
      setSelect: [(plot) => {
        const { left, width } = plot.select;
        if (width < 4) return;
        onZoom([plot.posToVal(left, "x"), plot.posToVal(left + width, "x")]);
        plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
      }],
      setCursor: [({ cursor }) => onCursor(cursor.idx ?? null)],
      draw: mark ? [(plot) => drawMark(plot, mark.value)] : [],
    },
  };
}

const longest = (texts: string[] | null): number => Math.max(0, ...(texts ?? []).map(({ length }) => length));

function drawMark(plot: UPlot, value: number): void {
  const { ctx, bbox } = plot, y = plot.valToPos(value, "y", true);
  if (!(y >= bbox.top && y <= bbox.top + bbox.height)) return;
  ctx.save();
  ctx.strokeStyle = colorOf("--good");
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([5 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.restore();
}
