import { useEffect, useRef, useState } from "preact/hooks";
import type { AtlasThumbs, Thumb } from "./atlas_thumbs.ts";
import type { Point } from "./camera.ts";

/** Before an atlas is asked for: a pointer that passes over asks for none. */
const REST_MS = 60;
const SIDE = 96;

export interface Hovered {
  n: number;
  at: Point;
}

/** What the pointer is over: its thumbnail, number, class and split, beside it. */
export function HoverCard({ hovered, thumbs, text, room }: {
  hovered: Hovered;
  thumbs: AtlasThumbs;
  text: string;
  /** The map's width, so that the card turns to the other side at its edge. */
  room: number;
}) {
  const canvas = useRef<HTMLCanvasElement>(null), [thumb, setThumb] = useState<Thumb & { n: number }>();
  const { n, at } = hovered;
  useEffect(() => {
    let gone = false;
    const timer = setTimeout(
      () => thumbs.thumb(n).then((found) => !gone && setThumb({ ...found, n }), () => {}),
      thumb ? 0 : REST_MS,
    );
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [n, thumbs]);
  useEffect(() => {
    const drawing = canvas.current!.getContext("2d")!;
    drawing.clearRect(0, 0, SIDE, SIDE);
    if (thumb?.n !== n) return;
    const { bitmap, x, y, px } = thumb;
    drawing.drawImage(bitmap, x, y, px, px, 0, 0, SIDE, SIDE);
  }, [thumb, n]);
  const isRight = at.x > room / 2, isLow = at.y > SIDE + 60;
  return (
    <div
      class={`map-hover ${isRight ? "map-hover-left" : ""} ${isLow ? "map-hover-above" : ""}`}
      style={{ left: at.x, top: at.y }}
      data-item={n}
    >
      <canvas ref={canvas} width={SIDE} height={SIDE} />
      <span>{text}</span>
    </div>
  );
}
