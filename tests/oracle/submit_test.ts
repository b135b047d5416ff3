import { assertEquals } from "@std/assert";
import { collectSubmitted, submit } from "../../src/gpu/submit.ts";
import { gpu } from "./oracle.ts";

Deno.test("what is submitted is collected each 256 submissions, not at each wait", () => {
  const { device } = gpu, collected: number[] = [], scope = globalThis as { gc?: () => void };
  const { gc } = scope;
  let submitted = 0;
  scope.gc = () => collected.push(submitted);
  try {
    collectSubmitted(device); // whatever else was submitted before
    collected.length = 0;
    for (let wait = 0; wait < 100; wait++) {
      for (let i = 0; i < 10; i++) submit(device, device.createCommandEncoder(), "nothing");
      submitted += 10;
      collectSubmitted(device);
    }
  } finally {
    scope.gc = gc;
  }
  assertEquals(collected, [260, 520, 780]);
});

Deno.test("without --expose-gc nothing is collected, and nothing fails", () => {
  for (let i = 0; i < 256; i++) submit(gpu.device, gpu.device.createCommandEncoder(), "nothing");
  collectSubmitted(gpu.device);
  assertEquals((globalThis as { gc?: unknown }).gc, undefined);
});
