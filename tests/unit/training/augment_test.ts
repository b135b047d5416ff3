import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { AUGMENTATION_PRESETS } from "../../../src/domain/augmentation.ts";
import { drawView, type ViewDraw } from "../../../src/training/augment.ts";

/** View 2 of sample 3 in epoch 1 under seed 5, as drawn before there was a blur. */
const ORDER = [2, 3, 1, 0];
const DRAWN = {
  "width": 31,
  "height": 26,
  "left": 0,
  "top": 3,
  "flip": true,
  "jitter": false,
  "brightness": 0.22890667952597143,
  "contrast": 0.8665985759347676,
  "saturation": 0.8678045003674925,
  "hue": -0.07062045531347394,
  "grayscale": false,
  "solarize": true,
};
const SIZE = { width: 40, height: 30 };
const draws = (view: 1 | 2, count: number, preset: keyof typeof AUGMENTATION_PRESETS = "cifar") =>
  Array.from(
    { length: count },
    (_, sample) =>
      drawView(AUGMENTATION_PRESETS[preset][view - 1], view, { seed: 1, epoch: 0, sample }, SIZE),
  );

Deno.test("drawView() is a function of seed, epoch, sample and view alone", () => {
  const at = { seed: 1, epoch: 2, sample: 3 }, preset = AUGMENTATION_PRESETS.cifar[0];
  const draw = drawView(preset, 1, at, SIZE);
  assertEquals(drawView(preset, 1, at, SIZE), draw);
  for (const other of [{ ...at, seed: 2 }, { ...at, epoch: 3 }, { ...at, sample: 4 }]) {
    assertNotEquals(drawView(preset, 1, other, SIZE), draw);
  }
  assertNotEquals(drawView(preset, 2, at, SIZE), draw);
});

Deno.test("drawView() stays inside the image and the preset's ranges, and reaches their ends", () => {
  const all = draws(2, 4000), areas = all.map((d) => (d.width * d.height) / (SIZE.width * SIZE.height));
  for (const d of all) {
    assert(d.left >= 0 && d.top >= 0 && d.width >= 1 && d.height >= 1);
    assert(d.left + d.width <= SIZE.width && d.top + d.height <= SIZE.height);
    assert(Math.abs(d.brightness) <= 0.4 && Math.abs(d.hue) <= 0.1);
    assert(d.contrast >= 0.6 && d.contrast <= 1.4 && d.saturation >= 0.8 && d.saturation <= 1.2);
    assertEquals([...d.order].sort(), [0, 1, 2, 3]);
  }
  assert(Math.min(...areas) < 0.1 && Math.max(...areas) > 0.9);
});

/** So large that rounding a crop's sides to pixels is not seen in its distribution. */
const LARGE = { width: 1_000_000, height: 1_000_000 };
const COUNT = 20_000;
const many = (
  view: 1 | 2,
  { preset = "byol-symmetric" as keyof typeof AUGMENTATION_PRESETS, seed = 1, epoch = 0, first = 0 } = {},
) =>
  Array.from(
    { length: COUNT },
    (_, i) =>
      drawView(AUGMENTATION_PRESETS[preset][view - 1], view, { seed, epoch, sample: first + i }, LARGE),
  );
/**
 * A crop of at most 3/4 of a square's area is never clipped to it: at an aspect of 4/3 or 3/4, that is where a side
 * comes to the square's. Of the other crops, those that are clipped keep more than 3/4.
 */
const UNCLIPPED = 3 / 4;
const shareOf = ({ width, height }: ViewDraw) => (width / LARGE.width) * (height / LARGE.height);
const unclipped = (all: ViewDraw[]) => all.filter((d) => shareOf(d) <= UNCLIPPED);

/** What a view draws, each as one number. */
const DRAWN_NUMBERS: Record<string, (d: ViewDraw) => number> = {
  area: shareOf,
  "log aspect": (d) => Math.log(d.width / d.height),
  left: (d) => d.left / (LARGE.width - d.width + 1),
  top: (d) => d.top / (LARGE.height - d.height + 1),
  brightness: (d) => d.brightness,
  contrast: (d) => d.contrast,
  saturation: (d) => d.saturation,
  hue: (d) => d.hue,
  sigma: (d) => d.sigma,
  flip: (d) => Number(d.flip),
  jitter: (d) => Number(d.jitter),
  "first operation": (d) => d.order[0],
  "second operation": (d) => d.order[1],
  grayscale: (d) => Number(d.grayscale),
  blur: (d) => Number(d.blur),
  solarize: (d) => Number(d.solarize),
};

/** Asserts what Kolmogorov and Smirnov would hold to be uniform: a true one is past this once in a thousand. */
function expectUniform(what: string, values: number[], [low, high]: readonly [number, number]): void {
  const sorted = values.toSorted((a, b) => a - b), n = sorted.length;
  assert(sorted[0] >= low && sorted[n - 1] <= high, `${what} leaves [${low}, ${high}]`);
  const distance = sorted.reduce((most, value, i) => {
    const share = (value - low) / (high - low);
    return Math.max(most, share - i / n, (i + 1) / n - share);
  }, 0);
  assert(Math.sqrt(n) * distance <= 1.95, `${what}: D = ${distance} of ${n} draws is not uniform`);
}
/** Asserts that a share of COUNT draws is within four standard errors of what it should be. */
function expectShare(what: string, share: number, probability: number): void {
  const error = Math.sqrt((probability * (1 - probability)) / COUNT);
  assert(Math.abs(share - probability) <= 4 * error + 1e-12, `${what}: ${share}, expected ${probability}`);
}
/** Asserts that no number of one list goes with any of the other: 4.5 standard errors, for there are 256 pairs. */
function expectIndependent(what: string, one: ViewDraw[], other: ViewDraw[], alike = false): void {
  const columns = (all: ViewDraw[]) =>
    Object.entries(DRAWN_NUMBERS).map(([name, of]) => ({ name, z: standardized(all.map(of)) }));
  const others = columns(other);
  for (const [i, a] of columns(one).entries()) {
    for (const b of alike ? others.slice(i + 1) : others) {
      // Places in one permutation are never the same, so they go with each other.
      if (alike && a.name === "first operation" && b.name === "second operation") continue;
      const correlation = a.z.reduce((sum, value, k) => sum + value * b.z[k], 0) / a.z.length;
      const errors = Math.abs(correlation) * Math.sqrt(a.z.length);
      assert(errors <= 4.5, `${what}: ${a.name} and ${b.name} correlate by ${correlation}`);
    }
  }
}
function standardized(values: number[]): number[] {
  const mean = values.reduce((a, b) => a + b) / values.length;
  const std = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length);
  return values.map((v) => (v - mean) / std);
}

Deno.test("what is drawn is uniform over the paper's ranges (Kolmogorov and Smirnov)", () => {
  for (const view of [1, 2] as const) {
    const all = many(view), crops = unclipped(all), quarter = Math.log(4 / 3);
    const expectRange = (name: string, from: ViewDraw[], range: readonly [number, number]) =>
      expectUniform(`view ${view}: ${name}`, from.map(DRAWN_NUMBERS[name]), range);
    expectShare("crops of at most 3/4", crops.length / COUNT, (UNCLIPPED - 0.08) / (1 - 0.08));
    expectRange("area", crops, [0.08, UNCLIPPED]);
    expectRange("log aspect", crops, [-quarter - 1e-5, quarter + 1e-5]); // whole pixels: a 2e-6th of a side
    expectRange("left", crops, [0, 1]);
    expectRange("top", crops, [0, 1]);
    expectRange("brightness", all, [-0.4, 0.4]);
    expectRange("contrast", all, [0.6, 1.4]);
    expectRange("saturation", all, [0.8, 1.2]);
    expectRange("hue", all, [-0.1, 0.1]);
    expectRange("sigma", all, [0.1, 2]);
  }
});

Deno.test("each preset's probabilities are met within four standard errors", () => {
  const usual = { flip: 0.5, jitter: 0.8, grayscale: 0.2, blur: 0, solarize: 0 };
  const symmetric = { ...usual, blur: 0.5, solarize: 0.2 };
  const expected: Record<keyof typeof AUGMENTATION_PRESETS, readonly [typeof usual, typeof usual]> = {
    byol: [{ ...usual, blur: 1 }, { ...usual, blur: 0.1, solarize: 0.2 }],
    "byol-symmetric": [symmetric, symmetric],
    cifar: [usual, { ...usual, solarize: 0.2 }],
    grayscale: [
      { ...usual, grayscale: 0, blur: 1 },
      { ...usual, grayscale: 0, blur: 0.1, solarize: 0.2 },
    ],
  };
  for (const preset of Object.keys(expected) as (keyof typeof AUGMENTATION_PRESETS)[]) {
    for (const view of [1, 2] as const) {
      const all = many(view, { preset });
      for (const [name, probability] of Object.entries(expected[preset][view - 1])) {
        const share = all.filter(DRAWN_NUMBERS[name]).length / COUNT;
        expectShare(`${preset}, view ${view}: ${name}`, share, probability);
      }
    }
  }
});

Deno.test("the jitter's orders are uniform over all 24 (chi-square)", () => {
  for (const view of [1, 2] as const) {
    const counts = new Map<string, number>();
    for (const { order } of many(view)) counts.set(order.join(), (counts.get(order.join()) ?? 0) + 1);
    assertEquals(counts.size, 24);
    const mean = COUNT / 24, chi2 = counts.values().reduce((sum, n) => sum + (n - mean) ** 2 / mean, 0);
    assert(chi2 <= 49.73, `view ${view}: ${chi2}`); // once in a thousand, at 23 degrees of freedom
  }
});

Deno.test("views, samples, epochs and seeds are independent of each other, and so are a view's numbers", () => {
  const one = many(1);
  expectIndependent("view 1 and view 2", one, many(2));
  expectIndependent("a sample and the next", one, many(1, { first: 1 }));
  expectIndependent("an epoch and the next", one, many(1, { epoch: 1 }));
  expectIndependent(
    "a sample and, an epoch later, its neighbour",
    many(1, { first: 1 }),
    many(1, { epoch: 1 }),
  );
  expectIndependent("a sample's view 1 and the next epoch's view 2", one, many(2, { epoch: 1 }));
  expectIndependent("a seed and the next", one, many(1, { seed: 2 }));
  const crops = unclipped(one);
  expectIndependent("within one view", crops, crops, true);
});

Deno.test("the cifar preset draws what it always drew: a seed's runs repeat", () => {
  const { order, ...draw } = drawView(
    AUGMENTATION_PRESETS.cifar[1],
    2,
    { seed: 5, epoch: 1, sample: 3 },
    { width: 33, height: 31 },
  );
  assertEquals([...order], ORDER);
  for (const [name, value] of Object.entries(DRAWN)) {
    assertEquals(draw[name as keyof typeof draw], value, name);
  }
});

Deno.test("every preset blurs by deviations of 0.1 to 2 pixels; all draw alike but for what a preset leaves out", () => {
  for (const preset of ["byol", "byol-symmetric", "grayscale"] as const) {
    const all = draws(2, 500, preset), plain = draws(2, 500);
    const sigmas = all.map((d) => d.sigma);
    assert(Math.min(...sigmas) >= 0.1 && Math.max(...sigmas) < 2);
    assert(Math.min(...sigmas) < 0.15 && Math.max(...sigmas) > 1.9);
    for (const [i, { left, width, flip, brightness }] of all.entries()) {
      const { left: l, width: w, flip: f, brightness: b } = plain[i];
      assertEquals([left, width, flip, brightness], [l, w, f, b]);
    }
  }
  const gray = draws(1, 500, "grayscale");
  assert(gray.every((d) => d.saturation === 1 && d.hue === 0 && !d.grayscale));
});
