import { href } from "../../../live/address.ts";
import { Id } from "../../../parts/copy_button.tsx";
import { formatBytes, formatCount, formatNumber, formatPercent } from "../../../parts/format.ts";
import { Figure, KeyValue, Section } from "../../../parts/section.tsx";
import { EmptyState } from "../../../parts/states.tsx";
import type { Job } from "../job_filter.ts";
import { Confusion } from "./confusion.tsx";
import { PerClass } from "./per_class.tsx";
import { ResultFiles } from "./result_files.tsx";
import { SweepTable } from "./sweep_table.tsx";

/** More classes than that are no picture any more: their matrix is a file to download. */
const MOST_CLASSES = 50;
/** What has a place of its own. */
const SHOWN = [
  ...["top1", "top5", "mean_per_class", "per_class", "by_k", "sweep", "trials", "files", "quality"],
  ...["checkpoint", "preprocessing", "images", "queries", "dim"],
];

/** What a job has found out or made, as suits its kind. */
export function ResultTab({ job }: { job: Job }) {
  const { result, status, kind, id } = job;
  if (!result) {
    const text = status === "failed" || status === "cancelled"
      ? "It ended before it had one."
      : "It comes when the job has succeeded.";
    return (
      <EmptyState icon="info" title="No result yet">
        <p>{text}</p>
      </EmptyState>
    );
  }
  const perClass = result.per_class as Record<string, number | null> | undefined;
  const files = (result.files ?? []) as { name: string; bytes: number; sha256: string }[];
  const classes = perClass ? Object.keys(perClass).length : 0;
  const rest = Object.entries(result).filter(([name]) => !SHOWN.includes(name));
  return (
    <div class="stack">
      <Shares result={result} />
      {perClass && (
        <div class="jobs-result">
          <PerClass shares={perClass} />
          {files.some(({ name }) => name === "confusion.csv") && classes <= MOST_CLASSES && (
            <Confusion job={id} />
          )}
        </div>
      )}
      <SweepTable result={result} />
      <ResultFiles job={id} files={files} />
      <Section
        title={kind === "embed" ? "How they were made" : "How it was judged"}
        note={kind === "embed" ? undefined : "figures of other protocols do not compare"}
      >
        <KeyValue
          rows={[
            ...("checkpoint" in result ? rowsOf("checkpoint", result.checkpoint) : []),
            ...rest.flatMap(([name, value]) => rowsOf(name, value)),
          ]}
        />
      </Section>
    </div>
  );
}

function Shares({ result }: { result: Record<string, unknown> }) {
  const share = (name: string) => typeof result[name] === "number" ? result[name] as number : undefined;
  const quality = Object.entries((result.quality ?? {}) as Record<string, unknown>);
  const figures = [
    ...(["top1", "top5", "mean_per_class"] as const).flatMap((name) => {
      const value = share(name),
        text = { top1: "Top-1", top5: "Top-5", mean_per_class: "Mean per class" }[name];
      return value === undefined ? [] : [<Figure key={name} label={text} value={formatPercent(value, 2)} />];
    }),
    ...(["images", "queries", "dim"] as const).flatMap((name) => {
      const value = share(name),
        text = { images: "Images", queries: "Images judged", dim: "Dimensions" }[name];
      return value === undefined ? [] : [<Figure key={name} label={text} value={formatCount(value)} />];
    }),
    ...quality.flatMap(([name, value]) =>
      typeof value === "number"
        ? [<Figure key={name} label={name} value={formatNumber(value)} note="label-free" />]
        : []
    ),
  ];
  return figures.length > 0 ? <div class="figure-row">{figures}</div> : null;
}

/** A part of a protocol, a line for each of its values. */
function rowsOf(name: string, value: unknown): [string, preact.ComponentChild][] {
  if (value !== null && typeof value === "object" && !Array.isArray(value)) {
    const under = name === "protocol" ? "" : `${name}.`;
    return Object.entries(value).flatMap(([part, each]) => rowsOf(`${under}${part}`, each));
  }
  const shown = name.replaceAll("_", "_\u200b"); // where it may be broken
  if (typeof value === "string" && /^ckpt_\w+$/.test(value)) {
    return [[shown, <Id key="id" id={value} to={href(`/models/${value}`)} copy />]];
  }
  const text = value === null
    ? (/(^|[._])split$/.test(name) ? "all images" : "none")
    : typeof value === "boolean"
    ? (value ? "yes" : "no")
    : typeof value === "number"
    ? (name.endsWith("_bytes")
      ? formatBytes(value)
      : /(top\d|per_class)$/.test(name)
      ? formatPercent(value, 2)
      : formatNumber(value, 6))
    : typeof value === "string"
    ? value
    : Array.isArray(value) && value.every((each) => typeof each !== "object")
    ? value.join(", ")
    : JSON.stringify(value);
  return [[shown, text]];
}
