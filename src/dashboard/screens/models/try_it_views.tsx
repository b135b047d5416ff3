import { formatNumber, formatPercent } from "../../parts/format.ts";
import type { Stage } from "./server_timing.ts";

/** Numbers of an embedding that are drawn: the rest would be too thin to be seen. */
const SHOWN = 96;
const WIDTH = 576, HEIGHT = 64;
const STAGES: Record<string, string> = {
  decode: "decoding",
  queue: "waiting",
  load: "reading the model",
  gpu: "GPU",
  rest: "the way there and back",
};

/** Its length, its norm, and its first numbers as bars. */
export function EmbeddingView({ embedding }: { embedding: number[] }) {
  const shown = embedding.slice(0, SHOWN), most = Math.max(...shown.map(Math.abs), Number.MIN_VALUE);
  const negative = shown.some((value) => value < 0), base = negative ? HEIGHT / 2 : HEIGHT;
  const width = WIDTH / shown.length;
  return (
    <div class="models-embedding">
      <p class="row">
        <strong>{embedding.length} numbers</strong>
        <span class="soft">norm {formatNumber(Math.hypot(...embedding))}</span>
      </p>
      <svg
        class="models-strip"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`The first ${shown.length} numbers, at most ${formatNumber(most)} in size`}
      >
        {shown.map((value, n) => {
          const height = (Math.abs(value) / most) * base;
          return (
            <rect
              key={n}
              x={n * width}
              y={value < 0 ? base : base - height}
              width={0.8 * width}
              height={height}
            >
              <title>{`${n}: ${value}`}</title>
            </rect>
          );
        })}
      </svg>
      <p class="soft mono one-line">
        [{embedding.slice(0, 6).map((value) => value.toFixed(4)).join(", ")}, …]
      </p>
    </div>
  );
}

/** The likeliest labels, each with its share as a bar. */
export function LabelsView({ labels }: { labels: { label: string; score: number }[] }) {
  return (
    <ul class="models-labels">
      {labels.map(({ label, score }) => (
        <li key={label}>
          <span class="one-line" title={label}>{label}</span>
          <span class="models-bar" aria-hidden="true">
            <i style={{ width: `${100 * score}%` }} />
          </span>
          <span class="figures">{formatPercent(score)}</span>
        </li>
      ))}
    </ul>
  );
}

/** Where the time went, by the server's own account; the rest is the network and this page. */
export function TimingView({ stages, wallMs }: { stages: Stage[]; wallMs: number }) {
  const told = stages.reduce((sum, { ms }) => sum + ms, 0);
  const all = [...stages, { name: "rest", ms: Math.max(0, wallMs - told) }];
  const whole = all.reduce((sum, { ms }) => sum + ms, 0) || 1;
  return (
    <div class="models-timing">
      <p>
        Answered in <strong>{formatNumber(wallMs, 3)} ms</strong>
      </p>
      <div class="models-stages" aria-hidden="true">
        {all.map(({ name, ms }, n) => (
          <i key={name} class={`models-stage-${n + 1}`} style={{ flexGrow: ms / whole }} />
        ))}
      </div>
      <ul>
        {all.map(({ name, ms }, n) => (
          <li key={name}>
            <i class={`models-stage-${n + 1}`} /> {STAGES[name] ?? name}{" "}
            <span class="figures">{formatNumber(ms, 3)} ms</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
