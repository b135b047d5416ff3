import { formatNumber } from "../../parts/format.ts";
import { HEIGHT, pathOf, WIDTH } from "./curve_path.ts";

/** A small curve: its last value, and the extremes between which it has been. */
export function Sparkline(
  { points, label }: { points: readonly (readonly [number, number])[]; label: string },
) {
  const ys = points.map(([, y]) => y), least = Math.min(...ys), most = Math.max(...ys);
  const path = pathOf(points);
  return (
    <figure class="home-curve">
      <svg
        {...{ viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" }}
        aria-label={`${label} from ${formatNumber(ys[0])} to ${formatNumber(ys.at(-1))}`}
      >
        <path class="home-area" d={`${path}L${WIDTH} ${HEIGHT}L0 ${HEIGHT}Z`} />
        <path class="home-line" d={path} />
      </svg>
      <figcaption>
        <span>{label}</span>
        <span class="soft">{formatNumber(least)} … {formatNumber(most)}</span>
        <span class="soft">to step {formatNumber(points.at(-1)![0])}</span>
      </figcaption>
    </figure>
  );
}
