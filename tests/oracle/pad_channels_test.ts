import { assertEquals } from "@std/assert";
import { recordPadChannels } from "../../src/nn/pad_channels.ts";
import { between, noise, run, stored, testDrawn, testInEachType, upload } from "./oracle.ts";

for (const [rows, from, to] of [[5, 3, 4], [300, 1, 8], [7, 8, 5], [1, 4, 4]]) {
  testInEachType(`pad_channels copies ${rows} rows of ${from} channels into ${to}`, async (elem) => {
    const x = stored(noise([rows, 1, 1, from], 1), elem);
    const [y] = await run((recorder) => [recordPadChannels(recorder, "pad", upload(x, "x", elem), to)]);
    const expected = Float64Array.from(
      { length: rows * to },
      (_, i) => i % to < from ? x.data[Math.floor(i / to) * from + i % to] : 0,
    );
    assertEquals(y, expected);
  });
}

testDrawn(
  "pad_channels",
  (random) => [between(random, 1, 500), between(random, 1, 40), between(random, 1, 40)],
  async ([rows, from, to], seed, elem) => {
    const x = stored(noise([rows, from], seed), elem);
    const [y] = await run((recorder) => [recordPadChannels(recorder, "pad", upload(x, "x", elem), to)]);
    const expected = Float64Array.from(
      { length: rows * to },
      (_, i) => i % to < from ? x.data[Math.floor(i / to) * from + i % to] : 0,
    );
    if (from !== to) assertEquals(y, expected);
  },
);
