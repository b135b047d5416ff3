import { assertEquals, assertThrows } from "@std/assert";
import { gpuChoice, togglesOf } from "../../bench/gpu_choice.ts";
import { UsageError } from "../../bench/options.ts";

Deno.test("Dawn's toggles are known by name, for it says nothing to one that it does not know", () => {
  const two = "disable_robustness,skip_validation";
  assertEquals(gpuChoice({ provider: "dawn", toggles: two }), { provider: "dawn", toggles: two.split(",") });
  assertEquals(gpuChoice({ provider: "env", toggles: "none" }), { provider: undefined, toggles: [] });
  assertThrows(() => togglesOf("disable_robustnes", "+"), UsageError, 'got "disable_robustnes"');
  assertThrows(() => togglesOf("toString", "+"), UsageError, 'got "toString"');
});

Deno.test("toggles are refused for a provider that has none", () => {
  assertThrows(
    () => gpuChoice({ provider: "deno", toggles: "skip_validation" }),
    UsageError,
    "--provider must be dawn, got deno",
  );
});
