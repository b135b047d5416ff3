import { assertEquals, assertThrows } from "@std/assert";
import { ParameterLayout } from "../../../src/gpu/parameters.ts";

/** Of parameters of so many elements each. */
function layoutOf(...lengths: number[]): ParameterLayout {
  const layout = new ParameterLayout();
  for (const [i, length] of lengths.entries()) layout.add(`p${i}`, "weight", [length]);
  return layout;
}
/** Offset, length and names of each part. */
const cut = (layout: ParameterLayout, maxBytes: number) =>
  layout.parts(maxBytes).map(({ offset, length, slots }) => [offset, length, slots.map(({ name }) => name)]);

Deno.test("a layout that fits a binding is one part, to the byte", () => {
  assertEquals(cut(layoutOf(1, 65, 64), 4 * 256), [[0, 256, ["p0", "p1", "p2"]]]);
  assertEquals(cut(layoutOf(7), 256), [[0, 64, ["p0"]]]);
  assertEquals(cut(layoutOf(), 256), []);
});

Deno.test("parts are cut between parameters, are full, and cover the layout in order", () => {
  assertEquals(cut(layoutOf(1, 65, 64), 4 * 255), [[0, 192, ["p0", "p1"]], [192, 64, ["p2"]]]);
  assertEquals(cut(layoutOf(64, 128, 1, 1, 100), 4 * 128), [
    [0, 64, ["p0"]],
    [64, 128, ["p1"]],
    [192, 128, ["p2", "p3"]],
    [320, 128, ["p4"]],
  ]);
});

Deno.test("a parameter that no binding holds is refused by its name", () => {
  const layout = new ParameterLayout();
  layout.add("encoder.conv1.weight", "weight", [4, 4]);
  layout.add("projector.0.weight", "weight", [30, 10]);
  assertThrows(
    () => layout.parts(1024),
    RangeError,
    "Cannot bind parameter projector.0.weight: a binding holds at most 1024 bytes, got 1280 for shape [30,10]",
  );
});
