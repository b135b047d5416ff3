/** How a group's points look: a colour of the palette and a shape, so that colour alone tells nothing. */
export interface Look {
  /** 1 … 10, of the tokens `--c1` …; 0: of no group. */
  colour: number;
  shape: number;
}
export interface Group {
  name: string;
  count: number;
  look: Look;
}
/** What the map is coloured by: each point's group. */
export interface Grouping {
  groups: Group[];
  of: Uint16Array | Int32Array;
}

export const COLOURS = 10, SHAPES = 5;

/**
 * The look of the group of a place: neighbours differ in both colour and shape, and the first fifty are all different.
 */
export const lookOf = (place: number): Look => ({
  colour: 1 + place % COLOURS,
  shape: (place + Math.floor(place / COLOURS)) % SHAPES,
});

/**
 * Points by a column of the dataset.
 *
 * @param column Each point's place in `names`; below 0: none, which is a group of its own, the last one.
 */
export function groupBy(names: readonly string[], column: ArrayLike<number>, none = "no class"): Grouping {
  const of = new Int32Array(column.length), counts = new Array(names.length + 1).fill(0);
  for (let n = 0; n < of.length; n++) {
    of[n] = column[n] < 0 ? names.length : column[n];
    counts[of[n]]++;
  }
  const groups = names.map((name, place) => ({ name, count: counts[place], look: lookOf(place) }));
  if (counts[names.length] > 0) {
    groups.push({ name: none, count: counts[names.length], look: { colour: 0, shape: 0 } });
  }
  return { groups, of };
}

/** What a legend draws of a shape, in a box of 12 by 12. */
export const SHAPE_PATHS = [
  "M6 1.5a4.500 4.500 0 1 0 0 9 4.500 4.500 0 0 0 0-9Z",
  "M2 2h8v8H2Z",
  "M6 1.200 11 10.200H1Z",
  "M6 .8 11.200 6 6 11.200 .8 6Z",
  "M4.200 1h3.600v3.200H11v3.600H7.800V11H4.200V7.800H1V4.200h3.200Z",
];
