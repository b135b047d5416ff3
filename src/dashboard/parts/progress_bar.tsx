import { formatPercent } from "./format.ts";

/** How much is done. @param value Of `max`; undefined where nobody knows yet. @param label For screen readers. */
export function ProgressBar({ value, max = 1, label, tone = "running", showPercent = false }: {
  value: number | undefined;
  max?: number;
  label: string;
  tone?: "running" | "good" | "bad" | "warning" | "off" | "waiting";
  showPercent?: boolean;
}) {
  const share = value === undefined || max <= 0 ? undefined : Math.min(1, Math.max(0, value / max));
  return (
    <span class="progress">
      <progress class={`progress-bar progress-${tone}`} value={share} max={1} aria-label={label} />
      {showPercent && share !== undefined && <span class="progress-figure">{formatPercent(share, 0)}</span>}
    </span>
  );
}
