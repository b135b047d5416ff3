import { useState } from "preact/hooks";
import { href } from "../../live/address.ts";
import type { DatasetChoice } from "../../live/choices.ts";
import { useQuery } from "../../live/query.ts";
import { calls, dataOf } from "../../live/session.ts";
import { ApiImage } from "../../parts/api_image.tsx";
import { IconButton } from "../../parts/button.tsx";
import { Select } from "../../parts/field.tsx";
import { formatCount } from "../../parts/format.ts";
import { Section } from "../../parts/section.tsx";
import { Loaded } from "../../parts/states.tsx";

const PAGE = 48;

/** Images of the dataset, a page at a time, of one class if wanted; each leads to its neighbours. */
export function PickGrid({ dataset, item, query }: {
  dataset: DatasetChoice;
  item: number | undefined;
  /** The address's own, which the links keep. */
  query: Record<string, string>;
}) {
  const [label, setLabel] = useState(""), [offset, setOffset] = useState(0);
  const names = [...new Set(Object.values(dataset.splits).flatMap(({ classes }) => Object.keys(classes)))]
    .sort();
  const page = useQuery(
    `dataset:${dataset.id}/items?class=${label}&offset=${offset}`,
    (signal) =>
      dataOf(
        calls().GET("/v1/datasets/{id}/items", {
          params: {
            path: { id: dataset.id },
            query: { limit: PAGE, offset, ...(label && { class: label }) },
          },
          signal,
        }),
      ),
  );
  const total = page.data?.total ?? 0, last = Math.min(offset + PAGE, total);
  const actions = (
    <span class="row">
      <span class="soft" role="status">
        {total > 0 && `${formatCount(offset + 1)} – ${formatCount(last)} of ${formatCount(total)}`}
      </span>
      <IconButton
        icon="left"
        label="Images before"
        blocked={offset === 0 && "These are the first"}
        onClick={() => setOffset(Math.max(0, offset - PAGE))}
      />
      <IconButton
        icon="right"
        label="More images"
        blocked={last >= total && "These are the last"}
        onClick={() => setOffset(offset + PAGE)}
      />
    </span>
  );
  return (
    <Section title="Pick one" actions={actions}>
      <div class="stack">
        {names.length > 0 && (
          <div class="neighbors-class">
            <Select
              label="Class"
              hideLabel
              value={label}
              options={[{ value: "", text: "All classes" }, ...names]}
              onInput={(name) => {
                setLabel(name);
                setOffset(0);
              }}
            />
          </div>
        )}
        <Loaded query={page} lines={4}>
          {({ data }) => (
            <ul class="neighbors-pick">
              {data.map(({ n, path, class: name }) => (
                <li key={n}>
                  <a
                    href={href("/neighbors", { ...query, item: n })}
                    title={path}
                    aria-label={`Neighbours of image ${n}${name ? `, ${name}` : ""}`}
                    aria-current={n === item ? "true" : undefined}
                  >
                    <ApiImage src={`/v1/datasets/${dataset.id}/items/${n}/image?px=96`} alt="" size={48} />
                  </a>
                </li>
              ))}
            </ul>
          )}
        </Loaded>
      </div>
    </Section>
  );
}
