import type { Schemas } from "../../../client/client.ts";
import { setQuery } from "../../live/address.ts";
import { Button } from "../../parts/button.tsx";
import { Select } from "../../parts/field.tsx";
import { formatCount, shortId } from "../../parts/format.ts";
import { ACTIVE, type Job, type JobFilter, KIND_NAMES, KINDS, STATUSES } from "./job_filter.ts";

type Count = Schemas["System"]["queue"]["jobs"][number];

/** What the table is of, in the address. @param counts Of all jobs, by kind and status. @param shown How many are there. */
export function JobFilters({ filter, datasets, counts, shown, more }: {
  filter: JobFilter;
  datasets: readonly Pick<Schemas["Dataset"], "id" | "name">[];
  counts: readonly Count[];
  shown: number;
  more: boolean;
}) {
  const { kind, status, dataset } = filter;
  // Nobody counts by dataset.
  const count = (statuses: readonly Job["status"][] | undefined, ofKind: string | undefined) => {
    if (dataset || counts.length === 0) return "";
    const those = counts.filter((one) =>
      (!statuses || statuses.includes(one.status as Job["status"])) && (!ofKind || one.kind === ofKind)
    );
    return ` (${formatCount(those.reduce((sum, one) => sum + one.count, 0))})`;
  };
  const filtered = kind || status || dataset;
  const known = !dataset || datasets.some(({ id }) => id === dataset);
  return (
    <div class="toolbar jobs-toolbar" role="search" aria-label="Filter jobs">
      <Select
        {...{ label: "Status", hideLabel: true, value: status?.join(",") ?? "" }}
        onInput={(value) => setQuery({ status: value })}
        options={[
          { value: "", text: `All statuses${count(undefined, kind)}` },
          { value: ACTIVE.join(","), text: `active${count(ACTIVE, kind)}` },
          ...STATUSES.map((name) => ({ value: name as string, text: `${name}${count([name], kind)}` })),
        ]}
      />
      <Select
        {...{ label: "Kind", hideLabel: true, value: (kind ?? "") as string }}
        onInput={(value) => setQuery({ kind: value })}
        options={[
          { value: "", text: "All kinds" },
          ...KINDS.map((name) => ({
            value: name as string,
            text: `${KIND_NAMES[name]}${count(status, name)}`,
          })),
        ]}
      />
      <Select
        {...{ label: "Dataset", hideLabel: true, value: dataset ?? "" }}
        onInput={(value) => setQuery({ dataset: value })}
        options={[
          { value: "", text: "All datasets" },
          ...(known ? [] : [{ value: dataset!, text: shortId(dataset!) }]),
          ...datasets.map(({ id, name }) => ({ value: id, text: name || shortId(id) })),
        ]}
      />
      {filtered && (
        <Button
          kind="quiet"
          icon="close"
          onClick={() => setQuery({ kind: "", status: "", dataset: "" })}
        >
          Clear
        </Button>
      )}
      <span class="soft jobs-count" role="status">
        {shown === 1 && !more ? "1 job" : `${formatCount(shown)} jobs${more ? ", and more" : ""}`}
      </span>
    </div>
  );
}
