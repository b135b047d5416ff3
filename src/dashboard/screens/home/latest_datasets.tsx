import { href } from "../../live/address.ts";
import { useQuery } from "../../live/query.ts";
import { calls, dataOf } from "../../live/session.ts";
import { Button } from "../../parts/button.tsx";
import { formatCount } from "../../parts/format.ts";
import { ProgressBar } from "../../parts/progress_bar.tsx";
import { Section } from "../../parts/section.tsx";
import { Loaded } from "../../parts/states.tsx";
import { StatusPill } from "../../parts/status_pill.tsx";

/** The newest datasets; one that is taken in with how far it is. */
export function LatestDatasets({ rows }: { rows: number }) {
  const query = useQuery(`datasets?limit=${rows}`, async (signal) => {
    const params = { query: { limit: rows } };
    return (await dataOf(calls().GET("/v1/datasets", { params, signal }))).data;
  }, { every: 5 });
  return (
    <Section
      title="Datasets"
      actions={<Button size="small" kind="quiet" href={href("/datasets")}>All</Button>}
      flush
    >
      <Loaded query={query}>
        {(datasets) =>
          datasets.length === 0 ? <p class="home-none">None yet.</p> : (
            <ul class="home-list">
              {datasets.map(({ id, name, status, counts, progress }) => (
                <li key={id}>
                  <a class="one-line" href={href(`/datasets/${id}`)}>{name || id}</a>
                  {status !== "ready" && <StatusPill status={status} />}
                  <span class="grow" />
                  {progress
                    ? (
                      <ProgressBar
                        value={progress.bytes_read}
                        max={progress.bytes_total}
                        label={`Of ${name}`}
                        showPercent
                      />
                    )
                    : <span class="soft">{formatCount(counts.images)} images</span>}
                </li>
              ))}
            </ul>
          )}
      </Loaded>
    </Section>
  );
}
