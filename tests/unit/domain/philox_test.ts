import { assert, assertEquals } from "@std/assert";
import { philox4x32, RandomStream, STREAM } from "../../../src/domain/philox.ts";

Deno.test("philox4x32() gives the known answers of Random123", () => {
  const hex = (words: Uint32Array) => [...words].map((w) => w.toString(16).padStart(8, "0")).join(" ");
  assertEquals(hex(philox4x32([0, 0, 0, 0], [0, 0])), "6627e8d5 e169c58d bc57ac4c 9b00dbd8");
  const ones = 0xffffffff;
  assertEquals(
    hex(philox4x32([ones, ones, ones, ones], [ones, ones])),
    "408f276d 41c83b0e a20bc7c6 6d5451fd",
  );
  assertEquals(
    hex(philox4x32([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0])),
    "d16cfe09 94fdcceb 5001e420 24126ea1",
  );
});

Deno.test("RandomStream draws the same numbers for the same coordinates, and others for others", () => {
  const draw = (seed: number, a: number) => {
    const stream = new RandomStream(seed, STREAM.view1, a);
    return Array.from({ length: 9 }, () => stream.uint32());
  };
  assertEquals(draw(5, 7), draw(5, 7));
  assert(draw(5, 7)[0] !== draw(5, 8)[0] && draw(5, 7)[0] !== draw(6, 7)[0]);
});

Deno.test("RandomStream.permutation() holds every index once", () => {
  const order = new RandomStream(1, STREAM.shuffle).permutation(1000);
  assertEquals([...order].sort((a, b) => a - b), Array.from({ length: 1000 }, (_, i) => i));
});

Deno.test("RandomStream's uniform and normal have the moments of their distributions", () => {
  const stream = new RandomStream(3, STREAM.init), n = 20_000;
  let sum = 0, normalSum = 0, normalSquares = 0;
  for (let i = 0; i < n; i++) {
    sum += stream.uniform();
    const z = stream.normal();
    normalSum += z;
    normalSquares += z * z;
  }
  // Five standard errors: 1/sqrt(12 n) for the uniform's mean, 1/sqrt(n) and sqrt(2/n) for the normal's moments.
  assert(Math.abs(sum / n - 0.5) < 5 / Math.sqrt(12 * n));
  assert(Math.abs(normalSum / n) < 5 / Math.sqrt(n));
  assert(Math.abs(normalSquares / n - 1) < 5 * Math.sqrt(2 / n));
});
