import { Refused } from "../../../../client/client.ts";
import { useQuery } from "../../../live/query.ts";
import { authorization } from "../../../live/session.ts";
import { formatCount, formatPercent } from "../../../parts/format.ts";
import { Section } from "../../../parts/section.tsx";
import { Loaded } from "../../../parts/states.tsx";
import { parseConfusion } from "./parse_confusion.ts";

/** So much of a tint, in percent, has a cell with anything in it. */
const LEAST_TINT = 15;

/** What was taken for what, as a table whose cells are the darker the larger their share of the true class. */
export function Confusion({ job }: { job: string }) {
  const query = useQuery(`job:${job}/files/confusion`, async (signal) => {
    const response = await fetch(`/v1/jobs/${job}/files/confusion.csv`, { headers: authorization(), signal });
    if (!response.ok) throw await Refused.of(response);
    return parseConfusion(await response.text());
  });
  return (
    <Section title="Confusion" note="a row a true class, a column what it was taken for" flush>
      <Loaded query={query}>
        {({ classes, counts }) => (
          <div class="jobs-heat-box" tabIndex={0} role="region" aria-label="Confusion matrix">
            <table class="jobs-heat">
              <caption class="unseen">
                Images by their true class, in rows, and by what they were taken for, in columns
              </caption>
              <thead>
                <tr>
                  <td />
                  {classes.map((name) => (
                    <th key={name} scope="col" title={name}>
                      <span>{name}</span>
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {classes.map((name, row) => {
                  const total = counts[row].reduce((sum, count) =>
                    sum + count, 0);
                  return (
                    <tr key={name}>
                      <th scope="row" title={name}>
                        <span>{name}</span>
                      </th>
                      {counts[row].map((count, column) => (
                        <HeatCell
                          key={column}
                          {...{ count, total, right: row === column }}
                          title={`${name} taken for ${classes[column]}: ${formatCount(count)} of ${
                            formatCount(total)
                          }`}
                        />
                      ))}
                    </tr>
                  );
                })}
              </tbody>
            </table>
          </div>
        )}
      </Loaded>
    </Section>
  );
}

function HeatCell(
  { count, total, right, title }: { count: number; total: number; right: boolean; title: string },
) {
  const share = total === 0 ? 0 : count / total;
  // Its own text's colour on top of that much of a tint stays readable in both themes.
  const tint = `color-mix(in srgb, var(${right ? "--good" : "--bad"}) ${
    count === 0 ? 0 : Math.round(LEAST_TINT + (45 - LEAST_TINT) * share)
  }%, var(--surface))`;
  return (
    <td title={`${title} (${formatPercent(share)})`} style={{ background: tint }}>
      {count === 0 ? "" : formatCount(count)}
    </td>
  );
}
