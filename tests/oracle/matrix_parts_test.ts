import { assertEquals, assertGreater } from "@std/assert";
import { recordBatchNormTrain } from "../../src/nn/batch_norm.ts";
import { recordConv2d } from "../../src/nn/conv2d.ts";
import type { Tensor } from "../../src/gpu/tensor.ts";
import { matrixUnits } from "./matrix_units.ts";
import { expectClose, noise, storageError, summationError, upload, type Values } from "./oracle.ts";
import { runWhole, uploadParts } from "./parts.ts";

// Convolutions by products of small matrices make BatchNorm's statistics too; in parts, each makes its own share.

const SIZES = [2, 3, 2, 3], N = 10, VIEWS = 2, C = 16, K = 32;
for (const [units, side] of matrixUnits().flatMap((units) => [[units, 8], [units, 9]] as const)) {
  const alike = side === 8; // chunks are of 64 rows: an image is one, or it is not
  Deno.test(`a convolution in parts leaves ${alike ? "the whole's statistics" : "statistics as the whole's"}: ${side} px, by ${units.name}`, async () => {
    const on = units.pipelines();
    let made = 0;
    const record = (images: (values: Values) => Tensor) =>
      runWhole((recorder) => {
        const weight = upload(noise([K, 3, 3, C], 2)), x = images(noise([N, side, side, C], 1));
        const conv = recordConv2d(recorder, "conv", x, weight, { stride: 1, padding: 1 }, { groups: VIEWS });
        if (conv.statistics) made++;
        const [gamma, beta, runningMean, runningVar] = [3, 4, 5, 6].map((seed) => upload(noise([K], seed)));
        const parameters = { gamma, beta, runningMean, runningVar };
        const { y, saved } = recordBatchNormTrain(recorder, "norm", conv.y, parameters, VIEWS, {
          statistics: conv.statistics,
        });
        return [conv.y, saved.statistics, runningMean, runningVar, y];
      }, on);
    const whole = await record((values) => upload(values, "x", "f16"));
    const parts = await record((values) => uploadParts(values, SIZES, "x", "f16"));
    assertGreater(made, 1, "no convolution made statistics");
    assertEquals(parts[0], whole[0]);
    if (alike) return assertEquals(parts, whole);
    for (const i of [1, 2, 3, 4]) {
      const stored = i === 4 ? 2 * storageError("f16") : 0;
      expectClose(`result ${i}`, parts[i], whole[i], 8 * summationError(N * side * side) + stored);
    }
  });
}
