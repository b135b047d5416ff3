import { assertEquals, assertThrows } from "@std/assert";
import { readOptions, UsageError } from "../../bench/options.ts";

Deno.test("a bench option takes its own default, and nothing below its least value", () => {
  const options = { seeds: { about: "", default: 2 }, first: { about: "", default: 0, least: 0 } };
  assertEquals(readOptions("quality", [], options), { seeds: 2, first: 0 });
  assertEquals(readOptions("quality", ["--first", "7"], options).first, 7);
  for (
    const [args, least] of [[["--seeds", "0"], 1], [["--first=-1"], 0], [["--first", "1.5"], 0]] as const
  ) {
    assertThrows(() => readOptions("quality", [...args], options), UsageError, `of at least ${least}`);
  }
});
