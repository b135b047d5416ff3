import { href } from "../../live/address.ts";
import { useQuery } from "../../live/query.ts";
import { Button, IconButton } from "../../parts/button.tsx";
import { shortId } from "../../parts/format.ts";
import { Section } from "../../parts/section.tsx";
import { EmptyState, Loaded } from "../../parts/states.tsx";
import { EvaluationTable } from "./evaluation_table.tsx";
import { askEvaluations, type Model } from "./model_data.ts";

/** As many as a table has room for. */
export const MOST_COMPARED = 8;

/** Evaluations of several checkpoints, side by side. @param onChange Told of those that are to stay. */
export function Comparison({ ids, aliases, onChange }: {
  ids: string[];
  aliases: Model[];
  onChange: (ids: string[]) => void;
}) {
  const query = useQuery(
    `models?evaluations=${ids.join(",")}`,
    async (signal) => (await Promise.all(ids.map((id) => askEvaluations(id, signal)))).flat(),
    { every: 30 },
  );
  const nameOf = (id: string) => aliases.find(({ checkpoint }) => checkpoint === id)?.id ?? shortId(id);
  return (
    <Section
      title="Evaluations side by side"
      note="only figures of one protocol compare: a row is one"
      actions={<IconButton icon="close" label="Close the comparison" onClick={() => onChange([])} />}
      flush
    >
      <ul class="models-compared">
        {ids.map((id) => (
          <li key={id}>
            <a href={href(`/models/${id}`)}>{nameOf(id)}</a>
            <IconButton
              {...{ icon: "close", label: `Leave ${nameOf(id)} out` }}
              onClick={() => onChange(ids.filter((each) => each !== id))}
            />
          </li>
        ))}
      </ul>
      <Loaded query={query}>
        {(evaluations) =>
          evaluations.length === 0
            ? (
              <EmptyState
                icon="compare"
                title="None of these has been evaluated"
                actions={
                  <Button icon="play" needs="train" href={href("/new", { kind: "knn", checkpoint: ids[0] })}>
                    Evaluate
                  </Button>
                }
              >
                A k-NN job takes the least time, and says how well the nearest images share a label.
              </EmptyState>
            )
            : <EvaluationTable ids={ids} nameOf={nameOf} evaluations={evaluations} />}
      </Loaded>
    </Section>
  );
}
