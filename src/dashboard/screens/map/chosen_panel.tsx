import { ApiImage } from "../../parts/api_image.tsx";
import { IconButton } from "../../parts/button.tsx";
import { CopyButton } from "../../parts/copy_button.tsx";
import { formatCount, formatPercent } from "../../parts/format.ts";
import { Section } from "../../parts/section.tsx";
import { VirtualList } from "../../parts/virtual.tsx";
import { Swatch } from "./legend.tsx";
import type { Grouping } from "./looks.ts";

const A_ROW = 5, ROW_PX = 58;
/** Groups that are counted by name; the rest together. */
const NAMED = 6;

/** What the lasso, or a group's button, has chosen: counts by group, and thumbnails that lead to each on the map. */
export function ChosenPanel({ chosen, grouping, dataset, focused, onFocus, onClear }: {
  chosen: readonly number[];
  grouping: Grouping;
  dataset: string;
  focused: number | undefined;
  onFocus: (n: number) => void;
  onClear: () => void;
}) {
  const counts = new Map<number, number>();
  for (const n of chosen) counts.set(grouping.of[n], (counts.get(grouping.of[n]) ?? 0) + 1);
  const sorted = [...counts].toSorted(([, a], [, b]) => b - a), rest = sorted.slice(NAMED);
  const rows = Array.from(
    { length: Math.ceil(chosen.length / A_ROW) },
    (_, row) => chosen.slice(A_ROW * row, A_ROW * (row + 1)),
  );
  const actions = (
    <>
      <CopyButton text={chosen.join("\n")} label="Copy their numbers" />
      <IconButton icon="close" label="Clear the choice" onClick={onClear} />
    </>
  );
  return (
    <Section title={`${formatCount(chosen.length)} chosen`} actions={actions} class="map-chosen">
      <div class="stack">
        <ul class="map-counts" aria-label="Of each group">
          {sorted.slice(0, NAMED).map(([place, count]) => {
            const { name, look } = grouping.groups[place];
            return (
              <li key={place}>
                <Swatch look={look} />
                <span class="one-line" title={name}>{name}</span>
                <span class="map-share" aria-hidden="true">
                  <i
                    class={`map-colour-${look.colour}`}
                    style={{ width: `${100 * count / chosen.length}%` }}
                  />
                </span>
                <span class="figures" title={formatPercent(count / chosen.length)}>{formatCount(count)}</span>
              </li>
            );
          })}
        </ul>
        {rest.length > 0 && (
          <p class="soft">
            and {formatCount(rest.reduce((sum, [, count]) => sum + count, 0))} of{" "}
            {rest.length === 1 ? "another" : `${formatCount(rest.length)} others`}
          </p>
        )}
        <VirtualList
          label="Chosen images"
          rows={rows}
          rowHeight={ROW_PX}
          height="22rem"
          keyOf={([first]) => first}
          render={(row) => (
            <div class="map-thumbs">
              {row.map((n) => (
                <button
                  key={n}
                  type="button"
                  class="map-thumb"
                  aria-label={`Image ${n}, ${grouping.groups[grouping.of[n]].name}`}
                  aria-pressed={n === focused}
                  onClick={() => onFocus(n)}
                >
                  <ApiImage src={`/v1/datasets/${dataset}/items/${n}/image?px=64`} alt="" size={52} />
                </button>
              ))}
            </div>
          )}
        />
      </div>
    </Section>
  );
}
