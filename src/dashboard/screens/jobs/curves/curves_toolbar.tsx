import { setQuery } from "../../../live/address.ts";
import { useQuery } from "../../../live/query.ts";
import { calls, dataOf } from "../../../live/session.ts";
import { Button } from "../../../parts/button.tsx";
import { CheckBox, Field, Select } from "../../../parts/field.tsx";
import { formatDuration, formatNumber, shortId } from "../../../parts/format.ts";
import { Icon } from "../../../parts/icon.tsx";
import type { Job } from "../job_filter.ts";
import type { Range } from "./curve_rows.ts";
import type { CurvesView } from "./curves_view.ts";

/** How many of the newest jobs are offered to compare with. */
const OFFERED = 100;

/** What the curves are drawn over, how smooth, and beside whose. */
export function CurvesToolbar({ job, view, nameOf, onZoom }: {
  job: Job;
  view: CurvesView;
  /** What a job that is compared with is called. */
  nameOf: (id: string) => string;
  onZoom: (zoom: Range | undefined) => void;
}) {
  const { axis, weight, logarithmic, more, zoom } = view;
  const text = zoom?.map((value) =>
    axis === "step" ? formatNumber(Math.round(value)) : formatDuration(Math.max(0, value))
  );
  return (
    <div class="toolbar jobs-curves-toolbar">
      <Select
        {...{ label: "Over", hideLabel: true, value: axis as string }}
        onInput={(value) => setQuery({ x: value === "time" ? "time" : undefined, range: undefined })}
        options={[{ value: "step", text: "over steps" }, { value: "time", text: "over time" }]}
      />
      <Field label="Smoothing" note={weight > 0 ? weight.toFixed(2) : "off"}>
        {(attributes) => (
          <input
            {...{
              ...attributes,
              type: "range",
              class: "jobs-slider",
              min: 0,
              max: 0.99,
              step: 0.01,
              value: weight,
            }}
            onInput={(event) => setQuery({ smooth: Number(event.currentTarget.value) || undefined })}
          />
        )}
      </Field>
      <CheckBox
        label="Log scale"
        checked={logarithmic}
        onInput={(on) => setQuery({ logy: on ? 1 : undefined })}
      />
      <CheckBox
        label="More figures"
        checked={more}
        onInput={(on) => setQuery({ more: on ? 1 : undefined })}
      />
      <Compare {...{ job, nameOf }} compare={view.compare} />
      {text
        ? (
          <Button icon="close" size="small" onClick={() => onZoom(undefined)}>
            {`${axis === "step" ? "Steps " : ""}${text[0]} – ${text[1]}`}
          </Button>
        )
        : view.compare.length === 0 && <span class="soft jobs-hint">Drag across a plot to zoom</span>}
    </div>
  );
}

/** Chooses other jobs, whose curves are drawn over this one's. */
function Compare(
  { job, compare, nameOf }: { job: Job; compare: readonly string[]; nameOf: (id: string) => string },
) {
  const { kind, id } = job, query = { kind, limit: OFFERED };
  const { data } = useQuery(
    `jobs?compare=${kind}`,
    async (signal) => (await dataOf(calls().GET("/v1/jobs", { params: { query }, signal }))).data,
    { every: 30 },
  );
  const change = (ids: readonly string[]) => setQuery({ compare: ids.join(",") });
  const offered = (data ?? []).filter((each) =>
    each.id !== id && !compare.includes(each.id) && each.status !== "queued"
  );
  return (
    <span class="row">
      <Select
        {...{ label: "Compare with", hideLabel: true, value: "" }}
        onInput={(chosen) => chosen && change([...compare, chosen])}
        options={[
          { value: "", text: offered.length > 0 ? "Compare with …" : "No other job to compare" },
          ...offered.map(({ id, metadata, status }) => ({
            value: id,
            text: `${metadata.name ?? shortId(id)}, ${status}`,
          })),
        ]}
      />
      {compare.map((other) => (
        <button
          {...{
            key: other,
            type: "button",
            class: "jobs-chip",
            "aria-label": `Compare no more with ${other}`,
            title: other,
          }}
          onClick={() => change(compare.filter((each) => each !== other))}
        >
          {nameOf(other)} <Icon name="close" size={12} />
        </button>
      ))}
    </span>
  );
}
