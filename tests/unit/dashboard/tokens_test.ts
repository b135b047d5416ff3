// What the eye needs of the dashboard's colours, for every eye.
import { assert, assertEquals } from "@std/assert";

const TOKENS = new URL("../../../src/dashboard/styles/tokens.css", import.meta.url);
type Vector = [number, number, number];

/** How cone cells that are missing change linear RGB: Machado, Oliveira & Fernandes 2009, severity 1. */
const EYES: Record<string, Vector[]> = {
  usual: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [
    -0.003882,
    -0.048116,
    1.051998,
  ]],
  deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [
    -0.01182,
    0.04294,
    0.968881,
  ]],
  tritanopia: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [
    0.004733,
    0.691367,
    0.3039,
  ]],
};
const times = (matrix: Vector[], [x, y, z]: Vector) =>
  matrix.map(([a, b, c]) => a * x + b * y + c * z) as Vector;

/** `#rrggbb` as linear light. */
const linear = (hex: string): Vector =>
  [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4) as Vector;

/** WCAG 2's contrast of two colours. */
function contrast(one: string, other: string): number {
  const luminance = (hex: string) => times([[0.2126, 0.7152, 0.0722]], linear(hex))[0];
  const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

/** How different two colours look to an eye: their distance in OKLab. */
function distance(eye: Vector[], one: string, other: string): number {
  const [a, b] = [one, other].map((hex) => {
    const light = times(eye, linear(hex)).map((value) => Math.max(0, value)) as Vector;
    const cones = times([
      [0.4122214708, 0.5363325363, 0.0514459929],
      [0.2119034982, 0.6806995451, 0.1073969566],
      [0.0883024619, 0.2817188376, 0.6299787005],
    ], light).map(Math.cbrt) as Vector;
    return times([
      [0.2104542553, 0.793617785, -0.0040720468],
      [1.9779984951, -2.428592205, 0.4505937099],
      [0.0259040371, 0.7827717662, -0.808675766],
    ], cones);
  });
  return Math.hypot(...a.map((value, n) => value - b[n]));
}

/** The colours of each theme. */
function themes(): [string, Record<string, string>][] {
  const blocks = Deno.readTextFileSync(TOKENS).split("}");
  return ["light", "dark"].map((name) => {
    const block = blocks.find((text) => text.includes(`[data-theme="${name}"]`))!;
    return [
      name,
      Object.fromEntries([...block.matchAll(/--([\w-]+): (#\w{6});/g)].map(([, key, hex]) => [key, hex])),
    ];
  });
}

for (const [name, colors] of themes()) {
  Deno.test(`text can be read on what it stands on, ${name}`, () => {
    const surfaces = ["page", "surface", "raised", "sunken", "hover"];
    const pairs = [
      ...["text", "text-2", "accent-text"].flatMap((text) => surfaces.map((on) => [text, on])),
      ...["page", "surface", "raised", "sunken"].map((on) => ["text-3", on]),
      ...["good", "bad", "warning", "running", "off"].flatMap((
        tone,
      ) => [[tone, `${tone}-soft`], [tone, "surface"]]),
      ...[["on-accent", "accent"], ["on-accent", "accent-hover"], ["accent-text", "accent-soft"]],
    ];
    const weak = pairs.filter(([text, on]) => !(contrast(colors[text], colors[on]) >= 4.5));
    assertEquals(
      weak.map(([text, on]) => `${text} on ${on}: ${contrast(colors[text], colors[on]).toFixed(2)}`),
      [],
    );
  });
  Deno.test(`ten categories can be told from the surface, and from each other by every eye, ${name}`, () => {
    const ten = Array.from({ length: 10 }, (_, n) => colors[`c${n + 1}`]);
    assert(
      ten.every((hex) => contrast(hex, colors.surface) >= 3),
      ten.map((hex) => contrast(hex, colors.surface)).join(" "),
    );
    for (const [eye, matrix] of Object.entries(EYES)) {
      for (const [n, one] of ten.entries()) {
        for (const other of ten.slice(0, n)) {
          const apart = distance(matrix, one, other); // 0.02 is what one just notices side by side
          assert(apart > 0.055, `${one} and ${other} are ${apart.toFixed(3)} apart to ${eye}`);
        }
      }
    }
  });
}
