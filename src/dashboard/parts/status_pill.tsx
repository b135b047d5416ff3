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
const SHAPES: Record<Tone, ComponentChildren> = {
  running: <path d="M6 1.500a4.500 4.500 0 1 1-4.500 4.500" fill="none" class="turning" />,
  waiting: <circle cx="6" cy="6" r="4.2" fill="none" stroke-dasharray="2 1.700" />,
  warning: <path d="M4 2.500v7m4-7v7" />,
  good: <path d="m2 6.400 2.700 2.700L10 3" fill="none" />,
  bad: <path d="m2.500 2.500 7 7m0-7-7 7" />,
  off: (
    <path
      d="M6 1.800a4.200 4.200 0 1 0 0 8.400 4.200 4.200 0 0 0 0-8.400ZM3.200 8.800l5.600-5.600"
      fill="none"
    />
  ),
};

/** A status: colour, shape and word. @param tone Where the status is none of a job's or a dataset's. */
export function StatusPill({ status, tone = TONES[status] ?? "waiting" }: { status: string; tone?: Tone }) {
  return (
    <span class={`pill pill-${tone}`}>
      <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">{SHAPES[tone]}</svg>
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
