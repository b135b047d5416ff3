import { assert, assertEquals } from "@std/assert";
import { Pace } from "../../../src/training/pace.ts";

/** Runs `check` with a clock of its own. */
function withClock(check: (pass: (seconds: number) => void) => void): void {
  const { now } = performance;
  let at = 1000;
  performance.now = () => at;
  try {
    check((seconds) => void (at += 1000 * seconds));
  } finally {
    performance.now = now;
  }
}

Deno.test("Pace tells rates from the second step on, and how many steps make a second", () =>
  withClock((pass) => {
    const pace = new Pace(100, 32, 0);
    pass(20); // kernels are compiled
    assertEquals(pace.advance(1, 0).eta_s, null);
    pass(0.25);
    const { images_per_s, eta_s } = pace.advance(2, 0);
    assertEquals([images_per_s, eta_s, pace.stepsBetweenWaits, pace.meanRate], [128, 24.5, 4, 128]);
  }));

Deno.test("Pace goes on from where another process stopped, and leaves out what were no steps", () =>
  withClock((pass) => {
    const pace = new Pace(100, 32, 50);
    pass(10);
    assertEquals(pace.advance(51, 0).step, 51);
    pass(1);
    pace.advance(53, 0);
    const start = performance.now();
    pass(600); // an evaluation
    pace.leaveOut(start);
    assertEquals(pace.meanRate, 64);
    assertEquals(pace.standing(53, 1), {
      step: 53,
      total_steps: 100,
      epoch: 1,
      images_per_s: 64,
      eta_s: 23.5,
    });
    pass(1);
    assertEquals(pace.advance(55, 1).images_per_s, 64);
    assert(pace.stepsBetweenWaits === 2);
  }));
