import { GAP, type Sheet } from "./use_sheet.ts";

/** What a view has at least where it fills the room, in CSS pixels. */
const LEAST_SIDE = 120;

/**
 * Pairs of views, cut from the one picture that the server makes of them.
 *
 * @param side A view's width on the screen, in CSS pixels; undefined fills the room with columns of them.
 */
export function PairSheet({ sheet, side, busy = false }: { sheet: Sheet; side?: number; busy?: boolean }) {
  const { item } = sheet.wanted, coarse = (side ?? LEAST_SIDE) >= 2 * sheet.px;
  // Half a pixel of each edge is left out where the browser smooths, since it would blend in the white beside it.
  const edge = coarse ? 0 : 0.5, percent = (pixels: number) => `${100 * pixels / (sheet.px - 2 * edge)}%`;
  return (
    <ol
      class={`views-pairs ${side === undefined ? "views-fit" : ""} ${busy ? "views-stale" : ""}`}
      style={side === undefined ? undefined : { "--side-px": `${side}px` }}
      aria-busy={busy}
    >
      {Array.from({ length: sheet.pairs }, (_, row) => (
        <li key={row} class="views-pair">
          {[0, 1].map((view) => (
            <span
              key={view}
              class="views-tile"
              role="img"
              aria-label={`View ${view + 1} of image ${item}, pair ${row + 1}`}
            >
              <img
                src={sheet.url}
                alt=""
                class={coarse ? "views-coarse" : undefined}
                style={{
                  width: percent(2 * sheet.px + GAP),
                  left: percent(-view * (sheet.px + GAP) - edge),
                  top: percent(-row * (sheet.px + GAP) - edge),
                }}
              />
            </span>
          ))}
        </li>
      ))}
    </ol>
  );
}
