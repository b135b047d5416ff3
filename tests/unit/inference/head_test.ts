import { assert, assertEquals, assertThrows } from "@std/assert";
import { RandomStream } from "../../../src/domain/philox.ts";
import { Head } from "../../../src/inference/head.ts";

const random = new RandomStream(5, 31, 2);
const noise = (count: number, scale = 1) =>
  Float32Array.from({ length: count }, () => scale * random.uniform(-1, 1));

/** By the formula alone: one sum after the other, in float64. */
function softmax64(weight: Float32Array, bias: Float32Array, x: Float32Array): number[] {
  const logits = Array.from(
    bias,
    (b, k) => x.reduce((sum, value, d) => sum + value * weight[k * x.length + d], b),
  );
  const most = Math.max(...logits), powers = logits.map((logit) => Math.exp(logit - most));
  return powers.map((power) => power / powers.reduce((a, b) => a + b));
}

for (
  const [dim, classes, scale] of [[1, 1, 1], [3, 2, 1], [64, 10, 1], [511, 7, 4], [2048, 1000, 0.3]] as const
) {
  Deno.test(`Head gives the softmax of ${classes} classes by ${dim} values, whatever else is in the batch`, () => {
    const head = new Head(noise(classes * dim, scale), noise(classes)), rows = noise(3 * dim);
    const scores = head.scores(rows);
    assertEquals(scores.length, 3 * classes);
    for (let i = 0; i < 3; i++) {
      const row = rows.slice(i * dim, (i + 1) * dim), own = scores.subarray(i * classes, (i + 1) * classes);
      for (const [k, expected] of softmax64(head.weight, head.bias, row).entries()) {
        assert(Math.abs(own[k] - expected) <= 1e-7, `class ${k} of ${i}: ${own[k]}, expected ${expected}`);
      }
      assertEquals(head.scores(row), own.slice());
    }
  });
}

Deno.test("Head takes logits that would overflow, and refuses what is no head or no row of its length", () => {
  const head = new Head(Float32Array.of(3e30, -3e30), Float32Array.of(0, 0));
  assertEquals(head.scores(Float32Array.of(1e8, -1)), Float32Array.of(1, 0, 0, 1));
  assertEquals(head.scores(new Float32Array(0)).length, 0);
  assertThrows(() => new Head(new Float32Array(5), new Float32Array(2)), RangeError, "rows for 2 classes");
  const two = new Head(new Float32Array(6), new Float32Array(2));
  assertThrows(() => two.scores(new Float32Array(4)), RangeError, "3 values an image");
  assertEquals(Head.of(new Map()), undefined);
  const f32 = { shape: [1], data: new Float32Array(1) };
  assertThrows(() => Head.of(new Map([["fc.weight", f32]])), RangeError, "must be f32");
  assertEquals(Head.of(new Map([["fc.weight", f32], ["fc.bias", f32]]))!.classes, 1);
});
