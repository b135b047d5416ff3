import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { drawView, PRESETS } from "../../../src/byol/augment.ts";

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
const draws = (view: 1 | 2, count: number, preset: keyof typeof PRESETS = "cifar") =>
  Array.from(
    { length: count },
    (_, sample) => drawView(PRESETS[preset][view - 1], view, { seed: 1, epoch: 0, sample }, SIZE),
  );

Deno.test("drawView() is a function of seed, epoch, sample and view alone", () => {
  const at = { seed: 1, epoch: 2, sample: 3 }, preset = PRESETS.cifar[0];
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

Deno.test("drawView() meets the preset's probabilities within five deviations", () => {
  const count = 4000;
  const expectShare = (what: string, share: number, probability: number) => {
    const deviation = Math.sqrt((probability * (1 - probability)) / count);
    assert(Math.abs(share - probability) <= 5 * deviation, `${what}: ${share}, expected ${probability}`);
  };
  for (const view of [1, 2] as const) {
    const all = draws(view, count),
      share = (of: (d: typeof all[number]) => boolean) => all.filter(of).length / count;
    expectShare("flip", share((d) => d.flip), 0.5);
    expectShare("jitter", share((d) => d.jitter), 0.8);
    expectShare("grayscale", share((d) => d.grayscale), 0.2);
    expectShare("solarize", share((d) => d.solarize), view === 1 ? 0 : 0.2);
    expectShare("blur", share((d) => d.blur), 0);
    for (const [preset, views] of Object.entries(PRESETS)) {
      const drawn = draws(view, count, preset as keyof typeof PRESETS);
      const { blur, solarize } = views[view - 1];
      expectShare(`${preset}: blur`, drawn.filter((d) => d.blur).length / count, blur.probability);
      expectShare(`${preset}: solarize`, drawn.filter((d) => d.solarize).length / count, solarize);
    }
  }
});

Deno.test("the cifar preset draws what it always drew: a seed's runs repeat", () => {
  const { order, ...draw } = drawView(
    PRESETS.cifar[1],
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
