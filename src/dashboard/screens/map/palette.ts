import { COLOURS, type Grouping } from "./looks.ts";

/**
 * Red, green, blue and shape of each point, in the theme's colours as they are now.
 *
 * @param colourOf The value of a token: `#2f6fd0`.
 */
export function looksOf(
  { groups, of }: Grouping,
  colourOf: (token: string) => string,
): Uint8Array<ArrayBuffer> {
  const palette = Array.from(
    { length: COLOURS + 1 },
    (_, place) => rgb(colourOf(place === 0 ? "--text-3" : `--c${place}`)),
  );
  const looks = new Uint8Array(4 * of.length);
  for (let n = 0; n < of.length; n++) {
    const { colour, shape } = groups[of[n]].look;
    looks.set(palette[colour], 4 * n);
    looks[4 * n + 3] = shape;
  }
  return looks;
}

/** `#2f6fd0` → [47, 111, 208]. */
export function rgb(hex: string): [number, number, number] {
  const value = parseInt(hex.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}
