import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Button, IconButton } from "../../parts/button.tsx";
import { Notice } from "../../parts/states.tsx";
import type { AtlasThumbs } from "./atlas_thumbs.ts";
import { HoverCard, type Hovered } from "./hover_card.tsx";
import { type Points, ScatterView } from "./scatter_view.ts";

/** What an arrow moves, in px, and what a key zooms by. */
const STEP_PX = 60, STEP_ZOOM = 1.4;

/** The plane itself: drawn by WebGL, moved by mouse, fingers or keys. @param children Below it. */
export function ScatterPlot({ points, focused, thumbs, textOf, onPick, onLasso, onClear, children }: {
  points: Points;
  focused: number | undefined;
  thumbs: AtlasThumbs;
  textOf: (n: number) => string;
  onPick: (n: number) => void;
  onLasso: (numbers: number[], adds: boolean) => void;
  onClear: () => void;
  children?: ComponentChildren;
}) {
  const host = useRef<HTMLDivElement>(null), view = useRef<ScatterView>();
  const [hovered, setHovered] = useState<Hovered>(), [broken, setBroken] = useState<Error>();
  const [mode, setMode] = useState<"move" | "lasso">("move"), [attempt, setAttempt] = useState(0);
  const handlers = useRef({ onPick, onLasso });
  handlers.current = { onPick, onLasso };
  useEffect(() => {
    const element = host.current!, canvas = element.querySelector("canvas")!;
    try {
      view.current = new ScatterView(element, {
        onHover: (n, at) => setHovered(n === undefined ? undefined : { n, at: at! }),
        onPick: (n) => handlers.current.onPick(n),
        onLasso: (numbers, adds) => handlers.current.onLasso(numbers, adds),
      });
    } catch (error) {
      return setBroken(error as Error);
    }
    setBroken(undefined);
    // The GPU was taken away, by a driver that restarts, say: a canvas of its own draws it anew.
    const onLost = (event: Event) => {
      event.preventDefault();
      setTimeout(() => setAttempt((count) => count + 1), 500);
    };
    canvas.addEventListener("webglcontextlost", onLost);
    return () => {
      canvas.removeEventListener("webglcontextlost", onLost);
      view.current?.dispose();
      view.current = undefined;
    };
  }, [attempt]);
  useEffect(() => view.current?.show(points), [points, attempt]);
  useEffect(() => {
    if (view.current) view.current.mode = mode;
  }, [mode, attempt]);
  const place = points.layout;
  useEffect(() => view.current?.focus(focused, true), [focused, place, attempt]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== host.current || event.ctrlKey || event.metaKey || event.altKey) return;
    const does: Record<string, (() => void) | undefined> = {
      ArrowLeft: () => view.current?.move(STEP_PX, 0),
      ArrowRight: () => view.current?.move(-STEP_PX, 0),
      ArrowUp: () => view.current?.move(0, STEP_PX),
      ArrowDown: () => view.current?.move(0, -STEP_PX),
      "+": () => view.current?.zoom(STEP_ZOOM),
      "=": () => view.current?.zoom(STEP_ZOOM),
      "-": () => view.current?.zoom(1 / STEP_ZOOM),
      "0": () => view.current?.reset(),
      Escape: onClear,
    };
    if (!does[event.key]) return;
    event.preventDefault();
    does[event.key]!();
  };
  return (
    <div class="map-frame">
      <div
        ref={host}
        class={`map-plane map-plane-${mode}`}
        role="application"
        aria-label="The map"
        aria-describedby="map-keys"
        tabIndex={0}
        onKeyDown={onKeyDown}
      >
        <canvas key={attempt} class="map-canvas" aria-hidden="true" />
        <svg class="map-overlay" aria-hidden="true">
          <path class="map-lasso" />
          <circle class="map-ring" r="9" style={{ display: "none" }} />
        </svg>
        {hovered && (
          <HoverCard
            hovered={hovered}
            thumbs={thumbs}
            text={textOf(hovered.n)}
            room={host.current?.clientWidth ?? 0}
          />
        )}
      </div>
      <p id="map-keys" class="unseen">
        Arrows move it, plus and minus zoom, 0 shows all, Escape clears the choice. The lists beside it choose
        images without a pointer.
      </p>
      <div class="map-tools" role="group" aria-label="The map's tools">
        <Tool name="Move" chosen={mode === "move"} onChoose={() => setMode("move")} />
        <Tool name="Lasso" chosen={mode === "lasso"} onChoose={() => setMode("lasso")} />
        <IconButton icon="add" label="Zoom in" onClick={() => view.current?.zoom(STEP_ZOOM)} />
        <IconButton icon="minus" label="Zoom out" onClick={() => view.current?.zoom(1 / STEP_ZOOM)} />
        <Button
          kind="quiet"
          size="small"
          title="All but the outermost few"
          onClick={() => view.current?.reset()}
        >
          Reset
        </Button>
      </div>
      {broken && (
        <div class="map-broken">
          <Notice tone="warning">
            {broken.message}. Groups can still be chosen from the list, and images looked at.
          </Notice>
        </div>
      )}
      {children}
    </div>
  );
}

function Tool({ name, chosen, onChoose }: { name: string; chosen: boolean; onChoose: () => void }) {
  return (
    <button type="button" class="map-tool" aria-pressed={chosen} onClick={onChoose}>
      {name}
    </button>
  );
}
