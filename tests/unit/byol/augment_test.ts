import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { drawView, PRESETS } from "../../../src/byol/augment.ts";

const SIZE = { width: 40, height: 30 };
const draws = (view: 1 | 2, count: number) =>
  Array.from(
    { length: count },
    (_, sample) => drawView(PRESETS.cifar[view - 1], view, { seed: 1, epoch: 0, sample }, SIZE),
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
  }
});
