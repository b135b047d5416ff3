import { assert, assertEquals } from "@std/assert";
import { recordFrozenApply, recordFrozenNorm } from "../../src/nn/batch_norm.ts";
import { recordConv2d } from "../../src/nn/conv2d.ts";
import { takesFrozenNorm } from "../../src/nn/conv2d_pixels.ts";
import { TILES } from "../../src/nn/conv2d_sizes.ts";
import type { PipelineCache } from "../../src/gpu/pipeline.ts";
import { matrixUnits, NthMatrix } from "./matrix_units.ts";
import { noise, NthCandidate, pipelines, pipelinesWith, run, testInEachType, upload } from "./oracle.ts";

/** Every way to make pixels that this adapter has, and by matrices those that others have. */
const PLAIN = { ...pipelines.capabilities, subgroupSize: undefined, matrices: undefined };
const WAYS: [name: string, on: PipelineCache][] = [
  ...TILES.map((_, n): [string, PipelineCache] => [`tile ${n}`, pipelinesWith(PLAIN, new NthCandidate(n))]),
  ...matrixUnits().flatMap((units) =>
    [0, 1].map((
      n,
    ): [string, PipelineCache] => [`${units.name}, tile ${n}`, units.pipelines(new NthMatrix(n))])
  ),
];

/** Of normalised sums, scaled, shifted and with a residual added: six deviations of each. */
const LARGEST = 12;

// N, H, W, C, K, window, stride: one panel, several, past a tile, whole vectors of four only
for (
  const [N, H, W, C, K, window, stride] of [
    ...[[2, 9, 9, 16, 16, 3, 1], [1, 30, 17, 24, 72, 3, 2], [3, 7, 7, 5, 36, 1, 1], [1, 19, 5, 3, 64, 7, 2]],
  ]
) {
  for (const [relu, withResidual] of [[false, false], [true, false], [true, true]]) {
    testInEachType(
      `a frozen BatchNorm of a convolution's sums is one of what was stored: ` +
        `${N}x${H}x${W}x${C} to ${K} by ${window}, stride ${stride}${relu ? ", rectified" : ""}${
          withResidual ? ", with a residual" : ""
        }`,
      async (elem) => {
        const padding = window >> 1,
          P = Math.floor((H + 2 * padding - window) / stride) + 1,
          Q = Math.floor((W + 2 * padding - window) / stride) + 1;
        const x = noise([N, H, W, C], 1), weight = noise([K, window, window, C], 2);
        const residual = withResidual ? upload(noise([N, P, Q, K], 3), "residual", elem) : undefined;
        const parameter = (name: string, seed: number) =>
          upload(noise([K], seed, { mean: 1, std: 0.2 }), name);
        const parameters = {
          ...{ gamma: parameter("gamma", 4), beta: parameter("beta", 5) },
          ...{ runningMean: parameter("mean", 6), runningVar: parameter("var", 7) },
        };
        for (const [way, on] of WAYS) {
          if (elem === "f32" && on.capabilities.matrices) continue; // f32 is never by matrices
          const [fused, apart] = await run((recorder) => {
            const input = upload(x, "x", elem),
              filters = upload(weight, "weight"),
              options = { stride, padding };
            const frozen = recordFrozenNorm(recorder, "norm", parameters, { relu, residual });
            const { y, isNormed } = recordConv2d(recorder, "fused", input, filters, options, { frozen });
            const isWhole = K % (elem === "f16" && on.capabilities.matrices ? 8 : 4) === 0;
            assertEquals(isNormed, isWhole && takesFrozenNorm(recorder, input));
            if (!isNormed) return [filters, filters];
            const plain = recordConv2d(recorder, "apart", input, filters, options).y;
            return [y, recordFrozenApply(recorder, "applied", plain, frozen)];
          }, on);
          if (elem === "f32") assertEquals(fused, apart, way);
          // A driver may leave out the rounding of the sums between the two: one f16 rounding of them, scaled, and one of y.
          else {fused.forEach((value, i) => {
              const error = Math.abs(value - apart[i]), bound = 2 ** -10 * (Math.abs(apart[i]) + LARGEST);
              assert(error <= bound, `${way}: ${value} and ${apart[i]} at ${i}`);
            });}
        }
      },
    );
  }
}

Deno.test("a frozen BatchNorm of channels that are no whole vectors is not taken in by the convolution", async () => {
  const [y] = await run((recorder) => {
    const parameter = (name: string, seed: number) => upload(noise([6], seed, { mean: 1, std: 0.2 }), name);
    const parameters = {
      ...{ gamma: parameter("gamma", 4), beta: parameter("beta", 5) },
      ...{ runningMean: parameter("mean", 6), runningVar: parameter("var", 7) },
    };
    const frozen = recordFrozenNorm(recorder, "norm", parameters, {});
    const weight = upload(noise([6, 1, 1, 4], 2), "weight"), x = upload(noise([1, 2, 2, 4], 1));
    const made = recordConv2d(recorder, "conv", x, weight, { stride: 1, padding: 0 }, { frozen });
    assertEquals(made.isNormed, false);
    return [made.y];
  });
  assertEquals(y.length, 24);
});
