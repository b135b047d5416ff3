import { AUGMENTATION_PRESETS } from "../../src/domain/augmentation.ts";
import { drawView, type ViewDraw } from "../../src/training/augment.ts";
import { blurRadius } from "../../src/training/blur.ts";
import { packBlur, packView, recordViews, VIEW_WORDS } from "../../src/training/views.ts";
import { RandomStream } from "../../src/domain/philox.ts";
import { expectClose, run, UNIT_ROUNDOFF, upload, uploadWords } from "./oracle.ts";
import { colorAugment } from "./reference/color_augment.ts";
import { cropResize } from "./reference/crop_resize.ts";
import { gaussianBlur } from "./reference/gaussian_blur.ts";

const MEAN = [0.485, 0.456, 0.406] as const, STD = [0.229, 0.224, 0.225] as const;
const PLAIN: ViewDraw = {
  ...{ left: 0, top: 0, width: 0, height: 0, flip: false },
  ...{ jitter: false, order: Uint32Array.of(0, 1, 2, 3), brightness: 0, contrast: 1, saturation: 1, hue: 0 },
  ...{ grayscale: false, solarize: false, blur: false, sigma: 1 },
};

/** A photograph's stand-in: smooth gradients, some noise, and flat gray, black and saturated corners. */
function picture(width: number, height: number, seed: number): Uint8Array {
  const random = new RandomStream(seed, 98), pixels = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    const x = (i % width) / width, y = Math.floor(i / width) / height;
    const rgb = x > 0.8 && y > 0.8
      ? [128, 128, 128]
      : x > 0.8 && y < 0.2
      ? [255, 0, 0]
      : x < 0.1
      ? [0, 0, 0]
      : [
        255 * x * random.uniform(0.9, 1),
        255 * y,
        255 * (1 - x) * random.uniform(0.8, 1),
      ];
    pixels.set(rgb, 3 * i);
  }
  return pixels;
}

interface Case {
  size: { width: number; height: number };
  draw: ViewDraw;
}

/**
 * Packs the images one behind another, runs the kernels, and holds every view against the reference.
 *
 * @param blurs Whether blur passes are recorded.
 */
async function check(cases: Case[], px: number, blurs = false): Promise<void> {
  const images = cases.map(({ size }, i) => picture(size.width, size.height, i));
  const offsets: number[] = [];
  let length = 0;
  for (const image of images) {
    offsets.push(length);
    length += image.length; // deliberately not a multiple of four
  }
  const bytes = new Uint8Array(Math.ceil(length / 4) * 4);
  for (const [i, image] of images.entries()) bytes.set(image, offsets[i]);
  const crops = new Uint32Array(cases.length * VIEW_WORDS),
    colors = new Float32Array(cases.length * VIEW_WORDS);
  const radius = blurRadius(px), blurTaps = new Float32Array(cases.length * (radius + 1));
  for (const [i, { draw, size }] of cases.entries()) {
    packView(draw, { offset: offsets[i], ...size }, i, crops, colors);
    packBlur(draw, i, radius, blurTaps);
  }
  const inputs = {
    pixels: uploadWords([bytes.length / 4], new Uint32Array(bytes.buffer)),
    crops: uploadWords([cases.length, VIEW_WORDS], crops),
    colors: upload({ shape: [cases.length, VIEW_WORDS], data: Float64Array.from(colors) }),
    blurTaps: blurs
      ? upload({ shape: [cases.length, radius + 1], data: Float64Array.from(blurTaps) })
      : undefined,
  };
  const [actual] = await run((recorder) => [recordViews(recorder, inputs, px, { mean: MEAN, std: STD })]);
  for (const [i, { size, draw }] of cases.entries()) {
    const drawn = {
      ...draw,
      brightness: Math.fround(draw.brightness),
      contrast: Math.fround(draw.contrast),
      saturation: Math.fround(draw.saturation),
      hue: Math.fround(draw.hue),
    };
    const cropped = cropResize({ ...draw, image: size, px }, images[i]);
    const expected = colorAugment(
      drawn,
      cropped,
      { mean: MEAN, std: STD },
      (x) => blurs && draw.blur ? gaussianBlur(x, px, draw.sigma) : x,
    );
    const part = actual.subarray(i * px * px * 3, (i + 1) * px * px * 3);
    // Errors before the normalisation are a few dozen roundings of values up to 1; dividing by the deviation, and the
    // hue's division by the channels' range (1/64 at least here, its colour error range times that), scale them. Which
    // side of its threshold solarisation takes a value for does not matter: there, v and 1 - v are the same.
    const tolerance = 100 * UNIT_ROUNDOFF / Math.min(...STD);
    expectClose(
      `view ${i} (${JSON.stringify(draw)})`,
      part,
      expected,
      tolerance,
      new Float64Array(part.length).fill(1),
    );
  }
}

const crop = (left: number, top: number, width: number, height: number, flip = false) => ({
  ...PLAIN,
  left,
  top,
  width,
  height,
  flip,
});

Deno.test("crop_resize agrees with float64: whole images, single pixels, odd sizes, flips, up and down", async () => {
  await check([
    { size: { width: 32, height: 32 }, draw: crop(0, 0, 32, 32) },
    { size: { width: 32, height: 32 }, draw: crop(5, 7, 9, 22, true) },
    { size: { width: 1, height: 1 }, draw: crop(0, 0, 1, 1) },
    { size: { width: 7, height: 5 }, draw: crop(6, 0, 1, 5, true) },
    { size: { width: 61, height: 43 }, draw: crop(10, 3, 50, 40) },
    { size: { width: 3, height: 2 }, draw: crop(0, 0, 2, 2) },
  ], 17);
});

Deno.test("crop_resize places its taps as well in an image of thousands of pixels as in a small one", () =>
  check([
    { size: { width: 8009, height: 2 }, draw: crop(0, 0, 8009, 2) },
    { size: { width: 5, height: 6007 }, draw: crop(1, 1000, 3, 5003, true) },
  ], 23));

Deno.test("color_augment agrees with float64: each operation alone, grayscale, solarisation", async () => {
  const whole = crop(0, 0, 20, 15);
  const alone: Partial<ViewDraw>[] = [
    { jitter: true, brightness: 0.37 },
    { jitter: true, brightness: -0.4 },
    { jitter: true, contrast: 1.4 },
    { jitter: true, contrast: 0.6, order: Uint32Array.of(3, 2, 0, 1) },
    { jitter: true, saturation: 1.2 },
    { jitter: true, saturation: 0.8, order: Uint32Array.of(1, 2, 3, 0) },
    { jitter: true, hue: 0.1 },
    { jitter: true, hue: -0.1 },
    { grayscale: true },
    { solarize: true },
    { jitter: false, brightness: 0.4, contrast: 1.4, hue: 0.1 },
  ];
  await check(alone.map((draw) => ({ size: { width: 20, height: 15 }, draw: { ...whole, ...draw } })), 16);
});

Deno.test("the cifar preset's draws agree with float64, all 24 orders among them", async () => {
  const orders: number[][] = [];
  for (let code = 0; code < 256; code++) {
    const order = [code & 3, (code >> 2) & 3, (code >> 4) & 3, code >> 6];
    if (new Set(order).size === 4) orders.push(order);
  }
  const size = { width: 32, height: 29 };
  const cases = orders.map((order, sample) => {
    const drawn = drawView(AUGMENTATION_PRESETS.cifar[1], 2, { seed: 5, epoch: 1, sample }, size);
    return { size, draw: { ...drawn, jitter: true, order: Uint32Array.from(order) } };
  });
  await check(cases, 12);
});

for (const preset of ["byol", "byol-symmetric", "grayscale"] as const) {
  Deno.test(`the ${preset} preset's draws agree with float64, blurred between grayscale and solarisation`, async () => {
    const size = { width: 37, height: 26 };
    const cases = [1, 2, 1, 2, 1, 2, 1, 2].map((view, sample) => {
      const drawn = drawView(
        AUGMENTATION_PRESETS[preset][view - 1],
        view as 1 | 2,
        { seed: 9, epoch: 2, sample },
        size,
      );
      return { size, draw: sample === 7 ? { ...drawn, blur: true, solarize: true } : drawn };
    });
    await check(cases, 40, true);
  });
}
