import { href } from "../../live/address.ts";
import { ApiImage } from "../../parts/api_image.tsx";
import { formatNumber } from "../../parts/format.ts";
import { Icon } from "../../parts/icon.tsx";
import type { Compared } from "./compare_ranks.ts";

/**
 * Neighbours, the nearest first; each leads to its own.
 *
 * @param label What of the image that is looked for, if it has a class: those of the same one are marked.
 * @param against What the other side is called, if there is one: then each says where it stands there.
 */
export function NeighborList({ compared, dataset, name, label, against, query }: {
  compared: Compared[];
  dataset: string;
  /** Of the list, for screen readers. */
  name: string;
  label?: string | null;
  against?: string;
  query: Record<string, string>;
}) {
  return (
    <ol class={`neighbors-list ${against ? "neighbors-rows" : "neighbors-grid"}`} aria-label={name}>
      {compared.map(({ neighbor, rank, otherRank }) => {
        const { n, path, split, class: own, distance, similarity } = neighbor;
        const same = label != null && own === label;
        return (
          <li
            key={n}
            class={against && otherRank !== undefined ? "neighbors-common" : undefined}
          >
            <a
              href={href("/neighbors", { ...query, item: n })}
              class="neighbors-one"
              title={`${path}\nimage ${n} · similarity ${formatNumber(similarity, 6)}`}
            >
              <span class="neighbors-rank">{rank}</span>
              <span class="unseen">Image {n}: its neighbours</span>
              <ApiImage
                src={`/v1/datasets/${dataset}/items/${n}/image?px=${against ? 96 : 192}`}
                alt=""
                class="neighbors-thumb"
              />
            </a>
            <span class="neighbors-about">
              <span class={`neighbors-name one-line ${same ? "neighbors-same" : ""}`} title={own ?? path}>
                {same && <Icon name="check" size={12} />}
                <span class="one-line">{own ?? path.split("/").at(-1)}</span>
                {same && <span class="unseen">, the same class</span>}
              </span>
              <span class="neighbors-facts">
                <span title="Cosine distance">{distance.toFixed(4)}</span>
                <span class="one-line">{split}</span>
              </span>
            </span>
            {against && <RankChange {...{ rank, otherRank, against }} />}
          </li>
        );
      })}
    </ol>
  );
}

/** Where it stands on the other side: a place higher or lower there, the same, or not at all. */
function RankChange({ rank, otherRank, against }: { rank: number; otherRank?: number; against: string }) {
  if (otherRank === undefined) {
    return <span class="neighbors-change soft" title={`Not among those of ${against}`}>only here</span>;
  }
  const steps = rank - otherRank;
  const text = steps === 0 ? "same place" : `${steps > 0 ? "↑" : "↓"} ${Math.abs(steps)}`;
  return (
    <span class="neighbors-change" title={`Place ${otherRank} of ${against}`}>
      {text}
      <span class="unseen">: place {otherRank} of {against}</span>
    </span>
  );
}
