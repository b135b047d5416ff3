import type { Range } from "./curve_rows.ts";
import type { XAxis } from "./plot_data.ts";

/** How the curves are shown, all of it in the address. */
export interface CurvesView {
  axis: XAxis;
  /** Of the moving average, 0 … 0.99. */
  weight: number;
  logarithmic: boolean;
  more: boolean;
  zoom: Range | undefined;
  /** Ids of the jobs beside this one. */
  compare: string[];
}

/** What the address asks for; what makes no sense is left out. */
export function viewOf(query: URLSearchParams): CurvesView {
  const range = query.get("range")?.split("~").map(Number) ?? [];
  const weight = Number(query.get("smooth") ?? 0);
  return {
    axis: query.get("x") === "time" ? "time" : "step",
    weight: weight >= 0 && weight <= 0.99 ? weight : 0,
    logarithmic: query.has("logy"),
    more: query.has("more"),
    zoom: range.length === 2 && range[0] < range[1] ? [range[0], range[1]] : undefined,
    compare: (query.get("compare") ?? "").split(",").filter((id) => /^job_\w+$/.test(id)).slice(0, 9),
  };
}
