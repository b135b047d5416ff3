import type { Point } from "./camera.ts";

export interface Gestures {
  /** Whether a drag draws a line, instead of moving the plane. */
  lassoing(): boolean;
  pan(dx: number, dy: number): void;
  zoom(at: Point, factor: number): void;
  /** The line so far; undefined when it ends. */
  line(points: Point[] | undefined): void;
  /** A line that has been ended. @param adds Whether it adds to what is chosen already (Alt or Ctrl). */
  lasso(points: Point[], adds: boolean): void;
  hover(at: Point | undefined): void;
  click(at: Point): void;
}

/** A press that moves less is a click. */
const CLICK_PX = 4;

/** Has an element moved, pinched, lassoed and pointed at: by mouse, pen or fingers. @returns What ends that. */
export function attachGestures(element: HTMLElement, to: Gestures): () => void {
  const down = new Map<number, Point>(), stop = new AbortController(), { signal } = stop;
  let begin: Point | undefined, moved = false, line: Point[] | undefined;
  const at = ({ clientX, clientY }: MouseEvent): Point => {
    const { left, top } = element.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  };
  const drop = () => {
    if (line) to.line(undefined);
    line = undefined;
  };
  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const point = at(event);
    element.setPointerCapture(event.pointerId);
    down.set(event.pointerId, point);
    to.hover(undefined);
    if (down.size > 1) { // a pinch
      moved = true;
      return drop();
    }
    [begin, moved] = [point, false];
    if (to.lassoing() || event.shiftKey) line = [point];
  }, { signal });
  element.addEventListener("pointermove", (event) => {
    const point = at(event), last = down.get(event.pointerId);
    if (!last) return to.hover(event.pointerType === "touch" ? undefined : point);
    const others = [...down].filter(([id]) => id !== event.pointerId);
    down.set(event.pointerId, point);
    if (begin && Math.hypot(point.x - begin.x, point.y - begin.y) > CLICK_PX) moved = true;
    if (others.length > 0) {
      const other = others[0][1], span = (p: Point) => Math.hypot(p.x - other.x, p.y - other.y) || 1;
      to.zoom({ x: (point.x + other.x) / 2, y: (point.y + other.y) / 2 }, span(point) / span(last));
      to.pan((point.x - last.x) / 2, (point.y - last.y) / 2);
    } else if (line) {
      // A busy page is told of several moves at once: the line goes through each. Only https and localhost tell which.
      const moves = event.getCoalescedEvents?.() ?? [];
      line.push(...(moves.length > 0 ? moves : [event]).map(at));
      to.line(line);
    } else if (moved) to.pan(point.x - last.x, point.y - last.y);
  }, { signal });
  const end = (event: PointerEvent) => {
    if (!down.delete(event.pointerId) || down.size > 0) return;
    const ended = line;
    drop();
    if (event.type === "pointercancel") return;
    if (ended && moved) to.lasso(ended, event.altKey || event.ctrlKey || event.metaKey);
    else if (!moved) to.click(at(event));
  };
  element.addEventListener("pointerup", end, { signal });
  element.addEventListener("pointercancel", end, { signal });
  element.addEventListener("pointerleave", () => down.size === 0 && to.hover(undefined), { signal });
  element.addEventListener("wheel", (event) => {
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 18 : 1;
    to.zoom(at(event), Math.exp(-Math.max(-120, Math.min(120, event.deltaY * lines)) / 320));
  }, { signal, passive: false });
  return () => stop.abort();
}
