import { assert, assertEquals } from "@std/assert";
import { decode, encode } from "fast-png";
import { choose, CLASSES, SIDE, toTar } from "../../../src/demo/cifar10.ts";
import { contactSheet } from "../../../src/demo/contact_sheet.ts";
import { nearestNeighbours } from "../../../src/demo/neighbours.ts";
import { formatBar, formatSeconds } from "../../../src/demo/progress_line.ts";
import { unpackTar } from "modern-tar";

Deno.test("nearestNeighbours() goes by angle, not by length, and leaves the query out", () => {
  const rows = [[1, 0], [100, 1], [0, 1], [0.1, 0.02], [-1, 0]];
  assertEquals(nearestNeighbours(rows, 0, 3), [1, 3, 2]);
  assertEquals(nearestNeighbours(rows, 4, 9).length, 4);
});

Deno.test("progress is written for people", () => {
  assertEquals([0, 59.4, 65, 600].map(formatSeconds), ["0 s", "59 s", "1 m 05 s", "10 m 00 s"]);
  assertEquals(formatBar(0.5, "half"), `[${"█".repeat(12)}${"░".repeat(12)}]  50 %  half`);
  assertEquals(formatBar(2, "over").match(/█/g)!.length, 24);
});

Deno.test("choose() cuts photographs out of the package's sheet, so many of each class", async () => {
  const rows = 6, labels = [3, 3, 5, 3, 5, 0];
  const data = Uint8Array.from(
    { length: rows * SIDE * SIDE * 3 },
    (_, i) => (Math.floor(i / 3072) * 40 + i) & 255,
  );
  const sheet = encode({ width: SIDE * SIDE, height: rows, data, channels: 3, depth: 8 });
  const chosen = choose("test", sheet, labels, 2);
  assertEquals(chosen.map(({ path }) => path), [
    ...["test/cat/00000.png", "test/cat/00001.png", "test/dog/00002.png"],
    ...["test/dog/00004.png", "test/airplane/00005.png"],
  ]);
  assertEquals(chosen[2].class, CLASSES[5]);
  assertEquals(chosen[2].pixels, data.slice(2 * 3072, 3 * 3072));
  assertEquals(new Uint8Array(decode(chosen[2].png).data), chosen[2].pixels);
  const members = await unpackTar(await toTar(chosen));
  assertEquals(members.map(({ header }) => header.name), chosen.map(({ path }) => path));
});

Deno.test("contactSheet() draws queries and neighbours in frames that tell whether the class is the same", () => {
  const tile = (value: number, label: string) => ({
    pixels: new Uint8Array(4 * 4 * 3).fill(value),
    class: label,
  });
  const png = contactSheet([{ query: tile(10, "a"), neighbours: [tile(20, "a"), tile(30, "b")] }], 4);
  const { width, height, data } = decode(png), cell = 4 * 3 + 8;
  assertEquals([width, height], [10 + cell + 34 + 2 * (cell + 10), 10 + cell + 10]);
  const at = (x: number, y: number) => [...data.slice((y * width + x) * 3, (y * width + x) * 3 + 3)];
  assertEquals(at(10 + 10, 20), [10, 10, 10]);
  const first = 10 + cell + 34, second = first + cell + 10;
  assertEquals([at(first + 10, 20), at(second + 10, 20)], [[20, 20, 20], [30, 30, 30]]);
  const [r, g, b] = at(first, 15);
  assert(g > r && g > b, "the frame of the same class is not green");
  assert(at(second, 15).every((v) => v > 190), "the frame of another class is not pale");
});
