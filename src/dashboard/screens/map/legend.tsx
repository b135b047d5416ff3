import { Button, IconButton } from "../../parts/button.tsx";
import { formatCount } from "../../parts/format.ts";
import { Section } from "../../parts/section.tsx";
import { type Grouping, type Look, SHAPE_PATHS } from "./looks.ts";

/** A point as the map draws it. */
export function Swatch({ look: { colour, shape } }: { look: Look }) {
  return (
    <svg
      class={`map-swatch map-colour-${colour}`}
      width="12"
      height="12"
      viewBox="0 0 12 12"
      aria-hidden="true"
    >
      <path d={SHAPE_PATHS[shape]} />
    </svg>
  );
}

/** The groups: shown or not, and each chosen whole without a lasso. */
export function Legend({ title, grouping, hidden, onHidden, onChoose }: {
  title: string;
  grouping: Grouping;
  /** Those that are not shown, by their places. */
  hidden: ReadonlySet<number>;
  onHidden: (hidden: ReadonlySet<number>) => void;
  onChoose: (place: number) => void;
}) {
  const { groups } = grouping;
  const toggle = (place: number) => {
    const next = new Set(hidden);
    if (!next.delete(place)) next.add(place);
    onHidden(next);
  };
  const only = (place: number) => onHidden(new Set(groups.keys().filter((other) => other !== place)));
  const actions = hidden.size > 0
    ? <Button kind="quiet" size="small" onClick={() => onHidden(new Set())}>Show all</Button>
    : undefined;
  return (
    <Section title={title} note={formatCount(groups.length)} actions={actions} flush class="map-legend">
      <ul class="map-groups">
        {groups.map(({ name, count, look }, place) => (
          <li key={name}>
            <label class="map-group">
              <input type="checkbox" checked={!hidden.has(place)} onChange={() => toggle(place)} />
              <Swatch look={look} />
              <span class="one-line grow" title={name}>{name}</span>
              <span class="soft">{formatCount(count)}</span>
            </label>
            <Button kind="quiet" size="small" title={`Show ${name} alone`} onClick={() => only(place)}>
              only
            </Button>
            <IconButton icon="lasso" label={`Choose all of ${name}`} onClick={() => onChoose(place)} />
          </li>
        ))}
      </ul>
    </Section>
  );
}
