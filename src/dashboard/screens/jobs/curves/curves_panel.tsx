import { useMemo } from "preact/hooks";
import { setQuery } from "../../../live/address.ts";
import { useQuery } from "../../../live/query.ts";
import { calls, dataOf } from "../../../live/session.ts";
import { EmptyState, ErrorState, Notice, Skeleton } from "../../../parts/states.tsx";
import { formatNumber, shortId } from "../../../parts/format.ts";
import { hasEnded, type Job } from "../job_filter.ts";
import { type Range, stepsWithin, withDetail } from "./curve_rows.ts";
import { type CurvesView, viewOf } from "./curves_view.ts";
import { CurvesToolbar } from "./curves_toolbar.tsx";
import { type Curves, fetchCurves } from "./fetch_curves.ts";
import { MORE_PANELS, type Panel, PANELS } from "./panels.ts";
import { Plot } from "./plot.tsx";
import { plotData, type Subject } from "./plot_data.ts";
import type { LiveCurves } from "./use_curves.ts";

const nameOf = ({ id, metadata }: Pick<Job, "id" | "metadata">): string => metadata.name ?? shortId(id);

/** A job's curves, with those of others over them. */
export function CurvesPanel({ job, live, query }: { job: Job; live: LiveCurves; query: URLSearchParams }) {
  const view = viewOf(query), { axis, weight, logarithmic, compare } = view, { curves, error } = live;
  const range = query.get("range") ?? "", others = compare.join(",");
  const beside = useQuery(
    others ? `jobs?curves=${others}` : undefined,
    (signal) => Promise.all(compare.map((id) => fetchCurves(id, signal))),
    { every: 10 },
  );
  const names = useQuery(
    others ? `jobs?names=${others}` : undefined,
    (signal) =>
      Promise.all(
        compare.map(async (id) =>
          nameOf(await dataOf(calls().GET("/v1/jobs/{id}", { params: { path: { id } }, signal })))
        ),
      ),
  );
  const nameAt = (n: number) => n === 0 ? nameOf(job) : names.data?.[n - 1] ?? shortId(compare[n - 1]);
  const detail = useQuery(
    view.zoom && curves ? `job:${job.id}/curves?${range}&${axis}&${others}` : undefined,
    (signal) =>
      Promise.all(
        [curves!, ...beside.data ?? []].map((each, n) =>
          inDetail(each, [job.id, ...compare][n], view, signal)
        ),
      ),
    { every: hasEnded(job) ? 0 : 10 },
  );
  const subjects = useMemo((): Subject[] =>
    [curves, ...beside.data ?? []].flatMap((each, n): Subject[] => {
      if (!each) return [];
      const id = [job.id, ...compare][n], fine = detail.data?.[n];
      return [{
        ...{ id, name: nameAt(n), origin: originOf(each) },
        dense: fine ? withDetail(each.dense, fine.dense) : each.dense,
        sparse: each.sparse,
      }];
    }), [curves, beside.data, detail.data, names.data, others]);
  const onZoom = (zoom: Range | undefined) =>
    setQuery({ range: zoom && zoom.map((value) => Number(value.toPrecision(8))).join("~") });
  if (!curves) return error ? <ErrorState error={error} retry={live.retry} /> : <Skeleton lines={8} />;
  const none = subjects.every(({ dense, sparse }) => dense.step.length + sparse.step.length === 0);
  const panels = view.more ? [...PANELS, ...MORE_PANELS] : PANELS;
  return (
    <div class="stack">
      <CurvesToolbar {...{ job, view, onZoom }} nameOf={(id) => nameAt(compare.indexOf(id) + 1)} />
      {beside.error && (
        <Notice tone="bad">The other jobs' curves could not be loaded: {beside.error.message}</Notice>
      )}
      {none
        ? (
          <EmptyState icon="jobs" title="No figures yet">
            <p>
              {hasEnded(job)
                ? "It ended before it told any."
                : "They come about every second, once it trains."}
            </p>
          </EmptyState>
        )
        : (
          <div class="jobs-plots">
            {panels.map((panel) => (
              <PanelPlot
                key={panel.id}
                {...{ panel, subjects, axis, weight, logarithmic, onZoom, job }}
                zoom={view.zoom}
              />
            ))}
          </div>
        )}
    </div>
  );
}

function PanelPlot({ panel, subjects, axis, weight, logarithmic, zoom, onZoom, job }: {
  panel: Panel;
  subjects: readonly Subject[];
  job: Job;
  onZoom: (zoom: Range | undefined) => void;
} & Pick<CurvesView, "axis" | "weight" | "logarithmic" | "zoom">) {
  const data = useMemo(() => plotData(panel, subjects, { axis, weight }), [subjects, axis, weight]);
  if (data.lines.length === 0) return null;
  const mark = panel.id === "projection_std" ? healthyStd(job) : undefined;
  return (
    <Plot
      {...{ panel, data, axis, zoom, onZoom, mark, logarithmic: logarithmic && panel.unit !== "share" }}
    />
  );
}

/** What the spread of unit-length projections is where they fill their space. */
export function healthyStd({ config }: Job): { value: number; name: string } | undefined {
  const { out } = (config.projector ?? {}) as { out?: unknown };
  if (typeof out !== "number") return undefined;
  return { value: 1 / Math.sqrt(out), name: `healthy: ${formatNumber(1 / Math.sqrt(out), 3)}` };
}

/** From when a job's time counts: its first row. */
const originOf = ({ dense, sparse }: Curves): number => dense.time[0] ?? sparse.time[0] ?? 0;

async function inDetail(
  curves: Curves,
  id: string,
  { zoom, axis }: CurvesView,
  signal: AbortSignal,
): Promise<Curves> {
  const steps = axis === "step" ? zoom : stepsWithin(curves.dense, zoom!, originOf(curves));
  return await fetchCurves(id, signal, steps && [steps[0] - 1, steps[1] + 1]);
}
