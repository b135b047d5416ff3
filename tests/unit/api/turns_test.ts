import { assert, assertEquals } from "@std/assert";
import { setImmediate } from "node:timers";
import { Turns } from "../../../src/api/turns.ts";

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

Deno.test("what comes at once is done a few a turn, in order, each once", async () => {
  const turns = new Turns(() => 0), done: number[] = [];
  for (let i = 0; i < 30; i++) turns.begin(() => done.push(i));
  const lengths = [done.length];
  for (let i = 0; i < 5; i++) {
    await turn();
    lengths.push(done.length);
  }
  assertEquals(lengths, [8, 16, 24, 30, 30, 30]);
  assertEquals(done, Array.from({ length: 30 }, (_, i) => i));
});

Deno.test("answers go ahead of what is still to begin, and wait for a turn too", async () => {
  const turns = new Turns(() => 0), done: string[] = [];
  for (let i = 0; i < 20; i++) turns.begin(() => done.push("begin"));
  for (let i = 0; i < 10; i++) turns.answer().then(() => done.push("answer"));
  await turn();
  assertEquals(done, [...Array(8).fill("begin"), ...Array(8).fill("answer")]);
  for (let i = 0; i < 5; i++) await turn();
  assertEquals(done.length, 30);
  assert(done.lastIndexOf("answer") < done.lastIndexOf("begin"));
});

Deno.test("long turns take fewer, never none; short ones more again; one that is alone does not wait", async () => {
  let now = 0, step = 20; // milliseconds that each turn takes
  const turns = new Turns(() => now += step), done: number[] = [];
  for (let i = 0; i < 60; i++) turns.begin(() => done.push(i));
  const taken: number[] = [];
  for (let before = done.length; done.length < 60; before = done.length) {
    if (taken.length === 5) step = 1;
    await turn();
    taken.push(done.length - before);
    assert(taken.length < 100, "it stands still");
  }
  assertEquals(taken.slice(0, 9), [4, 2, 1, 1, 1, 2, 3, 4, 5]);
  await turn();
  for (let i = 0; i < 3; i++) {
    let isDone = false;
    turns.begin(() => isDone = true);
    assert(isDone, "it waits, though nothing else does");
    await turn();
    await turn();
  }
});
