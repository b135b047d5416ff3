import { type Camera, coreOf, fit, pan, type Point, type Size, toPlane, toScreen, zoomAt } from "./camera.ts";
import { attachGestures } from "./gestures.ts";
import { pointsWithin, thinned } from "./lasso.ts";
import { PointGrid } from "./point_grid.ts";
import { HIDDEN } from "./point_states.ts";
import { Scatter } from "./scatter.ts";

export interface ViewHandlers {
  /** @param at Of the point, on the screen. */
  onHover(n: number | undefined, at?: Point): void;
  onPick(n: number): void;
  onLasso(numbers: number[], adds: boolean): void;
}
export interface Points {
  /** Another layout is another plane, whose places mean nothing in the one before. */
  layout: string;
  positions: Float32Array;
  looks: Uint8Array;
  states: Uint8Array;
}

/** How near the pointer has to be to a point. */
const REACH_PX = 10;
/** What is looked at when one point is gone to, as a factor of what fits. */
const CLOSE = 5;

/** A plane of points that is moved, zoomed and lassoed; it draws when something has changed. */
export class ScatterView {
  mode: "move" | "lasso" = "move";
  readonly #scatter: Scatter;
  readonly #stops: (() => void)[] = [];
  #camera: Camera = { x: 0, y: 0, scale: 1 };
  #size: Size = { width: 0, height: 0 };
  /** The scale that fits all. */
  #fitted = 1;
  /** Whether nobody has moved it yet: then it fits, whatever comes. */
  #isFitted = true;
  #points?: Points;
  #grid?: PointGrid;
  #focused?: number;
  #frame = 0;

  /** @param host Has a canvas, and an SVG above it with a path and a circle. @throws {Error} As `Scatter`. */
  constructor(readonly host: HTMLElement, readonly handlers: ViewHandlers) {
    this.#scatter = new Scatter(host.querySelector("canvas")!);
    this.#size = { width: host.clientWidth, height: host.clientHeight };
    const watcher = new ResizeObserver(() => {
      this.#size = { width: host.clientWidth, height: host.clientHeight };
      if (this.#isFitted) this.reset();
      this.#plan();
    });
    watcher.observe(host);
    this.#stops.push(
      () => watcher.disconnect(),
      attachGestures(host, {
        lassoing: () => this.mode === "lasso",
        pan: (dx, dy) => this.move(dx, dy),
        zoom: (at, factor) => this.zoom(factor, at),
        line: (line) => this.#drawLine(line),
        lasso: (line, adds) => this.#lasso(line, adds),
        hover: (at) => this.#hover(at),
        click: (at) => {
          const n = this.#pointAt(at);
          if (n !== undefined) handlers.onPick(n);
        },
      }),
    );
  }

  show(points: Points): void {
    const before = this.#points;
    this.#points = points;
    if (before?.positions !== points.positions) {
      this.#grid = undefined;
      this.#scatter.setPositions(points.positions);
      if (this.#isFitted || before?.layout !== points.layout) this.reset();
      else this.#fitted = fit(coreOf(points.positions), this.#size).scale;
    }
    if (before?.looks !== points.looks) this.#scatter.setLooks(points.looks);
    if (before?.states !== points.states) this.#scatter.setStates(points.states);
    this.#plan();
  }

  /** Marks a point; undefined: none. @param goes Whether it is gone to, too, unless it is well in sight. */
  focus(n: number | undefined, goes: boolean): void {
    this.#focused = n;
    if (n !== undefined && goes && this.#points) {
      const at = this.#place(n), { x, y } = toScreen(this.#camera, this.#size, at);
      const inner = (value: number, side: number) => value > 0.1 * side && value < 0.9 * side;
      if (!inner(x, this.#size.width) || !inner(y, this.#size.height)) {
        this.#camera = { ...at, scale: Math.max(this.#camera.scale, CLOSE * this.#fitted) };
        this.#isFitted = false;
      }
    }
    this.#plan();
  }

  /** All but the outermost few. */
  reset(): void {
    if (!this.#points) return;
    this.#camera = fit(coreOf(this.#points.positions), this.#size);
    this.#fitted = this.#camera.scale;
    this.#isFitted = true;
    this.#plan();
  }
  zoom(factor: number, at: Point = { x: this.#size.width / 2, y: this.#size.height / 2 }): void {
    this.#camera = zoomAt(this.#camera, this.#size, at, factor, this.#fitted);
    this.#isFitted = false;
    this.#plan();
  }
  move(dx: number, dy: number): void {
    this.#camera = pan(this.#camera, dx, dy);
    this.#isFitted = false;
    this.#plan();
  }

  /** To be called once its host goes. */
  dispose(): void {
    for (const stop of this.#stops) stop();
    cancelAnimationFrame(this.#frame);
    this.#scatter.dispose();
  }

  #plan(): void {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      if (!this.#points) return;
      this.#scatter.draw(this.#camera, this.#size, this.#pointPx());
      const ring = this.host.querySelector("circle")!, n = this.#focused;
      const isShown = n !== undefined && this.#points.states[n] !== HIDDEN;
      ring.style.display = isShown ? "" : "none";
      if (!isShown) return;
      const { x, y } = toScreen(this.#camera, this.#size, this.#place(n));
      ring.setAttribute("cx", x.toFixed(1));
      ring.setAttribute("cy", y.toFixed(1));
    });
  }

  /** Few points are large, many small; all grow with the zoom, slower than the plane. */
  #pointPx(): number {
    const { width, height } = this.#size, count = this.#points!.positions.length / 2;
    const base = Math.min(10, Math.max(4, 0.7 * Math.sqrt(width * height / Math.max(1, count))));
    return Math.min(18, base * Math.max(0.8, (this.#camera.scale / this.#fitted) ** 0.35));
  }

  #place(n: number): Point {
    const { positions } = this.#points!;
    return { x: positions[2 * n], y: positions[2 * n + 1] };
  }

  #pointAt(at: Point): number | undefined {
    if (!this.#points) return undefined;
    this.#grid ??= new PointGrid(this.#points.positions);
    const { x, y } = toPlane(this.#camera, this.#size, at), { states } = this.#points;
    return this.#grid.nearest(x, y, REACH_PX / this.#camera.scale, (n) => states[n] !== HIDDEN);
  }

  #hover(at: Point | undefined): void {
    const n = at && this.#pointAt(at);
    this.handlers.onHover(
      n,
      n === undefined ? undefined : toScreen(this.#camera, this.#size, this.#place(n)),
    );
  }

  #drawLine(line: Point[] | undefined): void {
    const text = thinned(line ?? []).map(({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L");
    this.host.querySelector("path")!.setAttribute("d", text && `M${text}Z`);
  }

  #lasso(line: Point[], adds: boolean): void {
    if (!this.#points) return;
    const { positions, states } = this.#points;
    const around = thinned(line).map((at) => toPlane(this.#camera, this.#size, at));
    this.handlers.onLasso(pointsWithin(around, positions, (n) => states[n] !== HIDDEN), adds);
  }
}
