import { formatBytes, formatNumber, formatPercent } from "../../../parts/format.ts";
import type { Panel } from "./panels.ts";

/** What stands at an axis' lines: with as many digits as tell them apart. @param splits Null where uPlot leaves a line without. */
export function axisTexts(splits: readonly (number | null)[], unit: Panel["unit"]): string[] {
  const values = splits.filter((value) => value !== null);
  const steps = values.slice(1).map((value, n) => Math.abs(value - values[n])).filter((step) => step > 0);
  const step = Math.min(...steps), most = Math.max(...values.map(Math.abs));
  const decimals = Number.isFinite(step) ? Math.max(0, Math.ceil(-Math.log10(100 * step) - 1e-9)) : 0;
  const digits = Number.isFinite(step) ? Math.ceil(Math.log10(most / step)) + 1 : 3;
  return splits.map((value) =>
    value === null
      ? ""
      : unit === "share"
      ? formatPercent(value, Math.min(3, decimals))
      : unit === "bytes"
      ? formatBytes(value)
      : formatNumber(value, Math.min(7, Math.max(3, digits)))
  );
}
