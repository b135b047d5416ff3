import {
  recordGlobalAveragePool,
  recordGlobalAveragePoolBackward,
} from "../../src/nn/global_average_pool.ts";
import { goldenCases } from "./golden.ts";
import type { Elem } from "../../src/gpu/specialize.ts";
import {
  between,
  expectClose,
  noise,
  run,
  storageError,
  stored,
  summationError,
  testDrawn,
  testInEachType,
  UNIT_ROUNDOFF,
  upload,
  type Values,
} from "./oracle.ts";
import { globalAveragePool, globalAveragePoolBackward } from "./reference/global_average_pool.ts";

async function check(
  given: Values,
  gradient: Values,
  expected?: Record<string, Values>,
  elem: Elem = "f32",
): Promise<void> {
  const x = stored(given, elem), dy = stored(gradient, elem);
  const [N, H, W, C] = x.shape, shape = { N, pixels: H * W, C };
  const [y, dx] = await run((recorder) => [
    recordGlobalAveragePool(recorder, "pool", upload(x, "x", elem)),
    recordGlobalAveragePoolBackward(recorder, "pool", x.shape, upload(dy, "dy", elem)),
  ]);
  const scale = globalAveragePool(shape, x.data.map(Math.abs));
  expectClose(
    "y",
    y,
    expected?.y.data ?? globalAveragePool(shape, x.data),
    summationError(H * W + 2) + storageError(elem),
    scale,
  );
  const dxTruth = expected?.dx.data ?? globalAveragePoolBackward(shape, dy.data);
  // One division and, in a fixture, one more rounding; the reciprocal may cost another.
  expectClose("dx", dx, dxTruth, 4 * UNIT_ROUNDOFF + storageError(elem), dxTruth.map(Math.abs));
}

for (
  const shape of [
    ...[[1, 1, 1, 1], [3, 5, 7, 3], [2, 8, 8, 64], [65, 2, 3, 5]],
    ...[[1, 192, 256, 3], [2, 1, 49_153, 4], [2, 311, 227, 3]], // the largest image of one pass; and of two
  ]
) {
  testInEachType(
    `global_average_pool agrees with float64 at [${shape}]`,
    (elem) => check(noise(shape, 1), noise([shape[0], shape[3]], 2), undefined, elem),
  );
}
for (const { index, tensors: t } of goldenCases("global_average_pool")) {
  Deno.test(`global_average_pool agrees with PyTorch, case ${index}`, () => check(t.x, t.dy, t));
}

testDrawn(
  "global_average_pool",
  (random) => [between(random, 1, 9), between(random, 1, 40), between(random, 1, 40), between(random, 1, 90)],
  (shape, seed, elem) =>
    check(noise(shape, 10 * seed), noise([shape[0], shape[3]], 10 * seed + 1), undefined, elem),
);
