import type { ComponentChildren } from "preact";

export type Tone = "running" | "waiting" | "warning" | "good" | "bad" | "off";
/** How each status of a job, or of a dataset, looks; its word is always there too. */
const TONES: Record<string, Tone> = {
  ...{
    queued: "waiting",
    running: "running",
    paused: "warning",
    succeeded: "good",
    failed: "bad",
    cancelled: "off",
  },
  ...{ ingesting: "running", ready: "good", up: "good", down: "bad" },
};
/** A status' tone; one that nobody knows waits. */
export const toneOf = (status: string): Tone => TONES[status] ?? "waiting";
const SHAPES: Record<Tone, ComponentChildren> = {
  running: <path d="M6 1.500a4.5 4.5 0 1 1-4.5 4.5" fill="none" class="turning" />,
  waiting: <circle cx="6" cy="6" r="4.2" fill="none" stroke-dasharray="2 1.7" />,
  warning: <path d="M6 1.6 11 10.400H1L6 1.600Zm0 3.600v2.200m0 1.200v.01" fill="none" stroke-width="1.3" />,
  good: <path d="m2 6.4 2.7 2.700L10 3" fill="none" />,
  bad: <path d="m2.5 2.5 7 7m0-7-7 7" />,
  off: (
    <path
      d="M6 1.800a4.2 4.2 0 1 0 0 8.4 4.2 4.2 0 0 0 0-8.400ZM3.2 8.800l5.6-5.6"
      fill="none"
    />
  ),
};

/** A job that waits for somebody to resume it warns of nothing. */
const PAUSED = <path d="M4 2.500v7m4-7v7" />;

/** A status: colour, shape and word. @param tone Where the status is none of a job's or a dataset's. */
export function StatusPill({ status, tone = toneOf(status) }: { status: string; tone?: Tone }) {
  return (
    <span class={`pill pill-${tone}`}>
      <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
        {status === "paused" ? PAUSED : SHAPES[tone]}
      </svg>
      {status}
    </span>
  );
}

/** A word set apart: a kind, a split, an alias. */
export function Badge({ children, tone = "plain", title }: {
  children: ComponentChildren;
  tone?: "plain" | "accent" | Tone;
  title?: string;
}) {
  return <span class={`badge badge-${tone}`} title={title}>{children}</span>;
}
