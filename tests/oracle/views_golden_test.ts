import type { ViewDraw } from "../../src/training/augment.ts";
import { blurRadius } from "../../src/training/blur.ts";
import { packBlur, packView, recordViews, VIEW_WORDS } from "../../src/training/views.ts";
import { goldenJson, goldenTensors } from "./golden.ts";
import { expectClose, run, UNIT_ROUNDOFF, upload, uploadWords } from "./oracle.ts";

/** One source image and the views that NumPy makes of it (tests/golden/make_views.py). */
interface GoldenViews {
  op: string;
  name: string;
  px: number;
  normalize: boolean;
  width: number;
  height: number;
  /** Base64 of 8-bit RGB. */
  pixels: string;
  draws: (Omit<ViewDraw, "order"> & { order: number[] })[];
}
const CASES = goldenJson("views") as GoldenViews[], VIEWS = goldenTensors("views");

const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;
/** Leaves values in [0, 1] as they are. */
const UNIT = { mean: [0, 0, 0], std: [1, 1, 1] } as const;

/**
 * What a view's values in [0, 1] may be off by. An operation rounds some two dozen times, by half a unit of 1 at most,
 * and a crop's sum of 16 products of weights of together 1.6 no more than 64 times. What comes in off by d goes out off
 * by 1.8 d from contrast at most, by 3.4 d from saturation, and by 3 d from hue, so that four in a row may come to 18
 * times one's; roundings are as often up as down, and 4 of one's is what is allowed. Nothing here jumps: solarisation
 * is continuous at its threshold (1 − 0.5 is 0.5), and so is hue where it goes around, or where colour ends.
 */
const ONE_OPERATION = 64 * UNIT_ROUNDOFF, CHAIN = 4 * ONE_OPERATION;

for (const { op, name, px, normalize, width, height, pixels, draws } of CASES) {
  Deno.test(`${op} agrees with NumPy: ${name}, ${draws.length} views of ${px} px`, async () => {
    const rows = draws.length, radius = blurRadius(px), image = Uint8Array.fromBase64(pixels);
    const crops = new Uint32Array(rows * VIEW_WORDS), colors = new Float32Array(rows * VIEW_WORDS);
    const taps = new Float32Array(rows * (radius + 1));
    for (const [row, draw] of draws.entries()) {
      const view = { ...draw, order: Uint32Array.from(draw.order) };
      packView(view, { offset: 0, width, height }, row, crops, colors);
      packBlur(view, row, radius, taps);
    }
    const words = new Uint32Array(Math.ceil(image.length / 4));
    new Uint8Array(words.buffer).set(image);
    const table = (data: Float32Array) =>
      upload({ shape: [rows, data.length / rows], data: Float64Array.from(data) });
    const inputs = {
      pixels: uploadWords([words.length], words),
      crops: uploadWords([rows, VIEW_WORDS], crops),
      colors: table(colors),
      blurTaps: radius > 0 ? table(taps) : undefined,
    };
    const channels = normalize ? IMAGENET : UNIT;
    const [actual] = await run((recorder) => [recordViews(recorder, inputs, px, channels)]);
    const { data } = VIEWS.get(name)!, expected = Float64Array.from(data as Float32Array);
    const tolerance = ["byol", "orders", "grayscale", "solarize"].includes(op) ? CHAIN : ONE_OPERATION;
    const scale = expected.map((_, i) => 1 / channels.std[i % 3]);
    expectClose(name, actual, expected, tolerance, scale);
  });
}
