// Pictures that are drawn, not taken: what the README shows must be ours to show. Eight kinds of scene, no two alike.
import { packTar } from "modern-tar";
import sharp from "sharp";
import { RandomStream } from "../../src/domain/philox.ts";

const PX = 96;
/** An SVG's elements, over a square of 96 units. */
type Scene = (random: RandomStream) => string;

const hsl = (hue: number, saturation: number, light: number): string =>
  `hsl(${hue.toFixed(0)} ${saturation.toFixed(0)}% ${light.toFixed(0)}%)`;
const many = (count: number, draw: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => draw(i)).join("");
const sky = (top: string, bottom: string): string =>
  `<defs><linearGradient id="sky" x2="0" y2="1"><stop stop-color="${top}"/><stop offset="1" stop-color="${bottom}"/>` +
  `</linearGradient></defs><rect width="96" height="96" fill="url(#sky)"/>`;
/** What rises and falls from one side to the other, and is filled below. */
function ridge(random: RandomStream, height: number, rough: number, fill: string): string {
  const points = Array.from(
    { length: 9 },
    (_, i) => `${12 * i},${(height + random.uniform(-rough, rough)).toFixed(1)}`,
  );
  return `<path d="M0,96 L${
    points.join(" L")
  } L96,96 Z" fill="${fill}" stroke="${fill}" stroke-width="6" stroke-linejoin="round"/>`;
}
const circle = (x: number, y: number, r: number, fill: string): string =>
  `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${r.toFixed(1)}" fill="${fill}"/>`;
const rect = (x: number, y: number, width: number, height: number, fill: string): string =>
  `<rect x="${x.toFixed(1)}" y="${y.toFixed(1)}" width="${width.toFixed(1)}" height="${
    height.toFixed(1)
  }" fill="${fill}"/>`;

const SCENES: Record<string, Scene> = {
  sunset(random) {
    const hue = random.uniform(5, 40), y = random.uniform(35, 60);
    return sky(hsl(hue + 240, 45, 35), hsl(hue, 85, 65)) +
      circle(random.uniform(20, 76), y, random.uniform(8, 15), hsl(hue + 15, 95, 75)) +
      ridge(random, 72, 5, hsl(hue + 250, 30, 25)) + ridge(random, 84, 4, hsl(hue + 250, 35, 15));
  },
  meadow(random) {
    const green = random.uniform(85, 130), hue = random.uniform(0, 360);
    return sky(hsl(205, 70, 75), hsl(195, 60, 90)) + ridge(random, 48, 6, hsl(green, 40, 45)) +
      ridge(random, 62, 5, hsl(green, 50, 38)) +
      many(
        26,
        () =>
          circle(random.uniform(2, 94), random.uniform(66, 94), random.uniform(1.2, 2.8), hsl(hue, 80, 70)),
      );
  },
  town(random) {
    const hue = random.uniform(200, 260), lit = hsl(random.uniform(40, 55), 90, 70);
    return sky(hsl(hue, 50, 12), hsl(hue, 40, 32)) + many(9, (i) => {
      const height = random.uniform(25, 70),
        x = 11 * i - random.uniform(0, 3),
        floors = Math.floor(height / 8);
      return rect(x, 96 - height, 11, height, hsl(hue, 25, random.uniform(8, 20))) +
        many(
          floors,
          (floor) =>
            random.below(3) > 0
              ? rect(x + 2 + 4 * random.below(2), 99 - height + 8 * floor, 2.5, 3.5, lit)
              : "",
        );
    });
  },
  sea(random) {
    const hue = random.uniform(190, 220), x = random.uniform(22, 66), y = random.uniform(44, 54);
    return sky(hsl(hue, 65, 78), hsl(hue, 50, 92)) +
      many(5, (i) => ridge(random, 54 + 9 * i, 1.8, hsl(hue, 60, 56 - 7 * i))) +
      `<path d="M${x},${y} l16,0 l-3,6 l-10,0 Z" fill="${hsl(random.uniform(0, 40), 60, 35)}"/>` +
      `<path d="M${x + 8},${y - 2} l0,-22 l10,22 Z" fill="#fff"/>`;
  },
  forest(random) {
    const hue = random.uniform(110, 165);
    return sky(hsl(hue, 15, 80), hsl(hue, 20, 92)) + many(20, (i) => {
      const x = random.uniform(-4, 100), base = 52 + 2.4 * i, height = random.uniform(24, 36);
      return `<path d="M${x},${base} l${height / 3.4},0 l${-height / 3.4},${-height} l${
        -height / 3.4
      },${height} Z" ` +
        `fill="${hsl(hue, 35, 48 - 1.6 * i)}"/>`;
    });
  },
  desert(random) {
    const hue = random.uniform(28, 45);
    return sky(hsl(200, 55, 70), hsl(hue, 50, 88)) + ridge(random, 52, 7, hsl(hue, 55, 68)) +
      ridge(random, 66, 6, hsl(hue, 58, 58)) + ridge(random, 82, 5, hsl(hue, 60, 48)) +
      circle(random.uniform(12, 84), random.uniform(10, 24), 6, hsl(50, 95, 88));
  },
  balloons(random) {
    return sky(hsl(210, 60, random.uniform(62, 80)), hsl(200, 55, 92)) +
      many(3 + random.below(3), () => {
        const x = random.uniform(12, 84),
          y = random.uniform(14, 60),
          r = random.uniform(7, 13),
          hue = random.uniform(0, 360);
        return circle(x, y, r, hsl(hue, 70, 55)) +
          circle(x, y, r / 2, hsl(hue + 40, 80, 65)) +
          `<path d="M${x - r / 2},${y + r} l${r / 2},${r / 1.5} l${r / 2},${
            -r / 1.5
          }" stroke="#555" fill="none"/>` +
          rect(x - r / 5, y + 1.6 * r, r / 2.5, r / 3, hsl(25, 50, 35));
      });
  },
  snow(random) {
    const hue = random.uniform(205, 235);
    return sky(hsl(hue, 30, 58), hsl(hue, 25, 82)) + ridge(random, 56, 12, hsl(hue, 20, 88)) +
      ridge(random, 76, 4, "#fff") +
      many(40, () => circle(random.uniform(0, 96), random.uniform(0, 96), random.uniform(0.5, 1.5), "#fff"));
  },
};

/** So many of each kind in each split, split/class/file, as a tar of PNGs; the same ones each time. */
export async function drawnPictures(
  aClass: Record<"train" | "test", number>,
): Promise<Uint8Array<ArrayBuffer>> {
  const entries = [];
  for (const [kind, scene] of Object.keys(SCENES).entries()) {
    for (const [split, count] of Object.entries(aClass)) {
      for (let n = 0; n < count; n++) {
        const elements = SCENES[scene](new RandomStream(n + (split === "test" ? 10_000 : 0), 98, kind));
        const svg =
          `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96" width="${PX}" height="${PX}">${elements}</svg>`;
        const body = new Uint8Array(await sharp(new TextEncoder().encode(svg)).png().toBuffer());
        const name = `${split}/${scene}/${String(n).padStart(3, "0")}.png`;
        entries.push({ header: { name, size: body.length, type: "file" as const }, body });
      }
    }
  }
  return await packTar(entries) as Uint8Array<ArrayBuffer>;
}
