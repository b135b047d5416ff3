import { href } from "../../live/address.ts";
import { useQuery } from "../../live/query.ts";
import { calls, dataOf } from "../../live/session.ts";
import { Id } from "../../parts/copy_button.tsx";
import { formatNumber, formatPercent } from "../../parts/format.ts";
import { Badge } from "../../parts/status_pill.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import type { Evaluation } from "./model_data.ts";
import { bestOf, byProtocol, KIND_NAMES, type ProtocolGroup, SHARES } from "./protocols.ts";

const NAMES: Record<string, string> = {
  ...{ top1: "top-1", top5: "top-5", mean_per_class: "mean per class", probe_top1: "probe, top-1" },
  ...{ rankme: "RankMe", feature_std: "std of features" },
};

/** One row for each protocol, one column for each checkpoint; the best of a row is marked where there is one to mark. */
export function EvaluationTable({ ids, nameOf, evaluations }: {
  ids: string[];
  nameOf: (id: string) => string;
  evaluations: Evaluation[];
}) {
  const datasets = useDatasetNames();
  const columns: Column<ProtocolGroup>[] = [
    {
      ...{ id: "protocol", head: "Protocol", main: true, width: "19rem" },
      cell: (group) => <Protocol group={group} name={datasets[group.dataset]} />,
    },
    ...ids.map((id): Column<ProtocolGroup> => ({
      ...{ id, head: nameOf(id), figures: true },
      cell: (group) => <Figures group={group} id={id} alone={ids.length === 1} />,
    })),
  ];
  return (
    <Table
      caption="Evaluations"
      columns={columns}
      rows={byProtocol(evaluations)}
      keyOf={({ key }) => key}
    />
  );
}

/** What a dataset is called, by its id. */
function useDatasetNames(): Record<string, string> {
  const { data } = useQuery("datasets?names", async (signal) => {
    const { data } = await dataOf(
      calls().GET("/v1/datasets", { params: { query: { limit: 1000 } }, signal }),
    );
    return Object.fromEntries(data.map(({ id, name }) => [id, name]));
  });
  return data ?? {};
}

function Protocol(
  { group: { kind, dataset, split, settings }, name }: { group: ProtocolGroup; name?: string },
) {
  return (
    <div class="models-protocol">
      <p>{KIND_NAMES[kind]}</p>
      <p class="soft">
        on {name ? <a href={href(`/datasets/${dataset}`)}>{name}</a> : <Id id={dataset} />}
        {split === null ? ", all images" : `, ${split}`}
      </p>
      {settings && <p class="soft">{settings}</p>}
    </div>
  );
}

function Figures({ group, id, alone }: { group: ProtocolGroup; id: string; alone: boolean }) {
  const evaluation = group.of.get(id);
  if (!evaluation) return <span class="soft" title="Not evaluated by this protocol">–</span>;
  return (
    <div class="models-figures">
      {group.metrics.filter((name) => evaluation.metrics[name] !== undefined).map((name, n) => {
        const value = evaluation.metrics[name], best = !alone && bestOf(group, name).has(id);
        const text = (SHARES as readonly string[]).includes(name)
          ? formatPercent(value)
          : formatNumber(value, 3);
        return (
          <p key={name} class={n === 0 ? "models-first" : "soft"}>
            {best && n === 0 && <Badge tone="good">best</Badge>}
            {best && n > 0 && <span class="models-best" role="img" aria-label="best">★</span>}{" "}
            <span class="models-metric">{NAMES[name] ?? name}</span> {n === 0
              ? <a href={href(`/jobs/${evaluation.job}`)} title="The job that found it out">{text}</a>
              : text}
          </p>
        );
      })}
    </div>
  );
}
