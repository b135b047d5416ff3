import { assert, assertEquals, assertThrows } from "@std/assert";
import { cut, cutAs, partsOf } from "../../src/gpu/parts.ts";
import { Recorder } from "../../src/gpu/recorder.ts";
import { reshape, type Tensor } from "../../src/gpu/tensor.ts";
import type { Elem } from "../../src/gpu/specialize.ts";
import { recordAdd } from "../../src/nn/add.ts";
import {
  recordBatchNormInfer,
  recordBatchNormTrain,
  recordBatchNormTrainBackward,
} from "../../src/nn/batch_norm.ts";
import { recordConv2d, recordConv2dBackward } from "../../src/nn/conv2d.ts";
import {
  recordGlobalAveragePool,
  recordGlobalAveragePoolBackward,
} from "../../src/nn/global_average_pool.ts";
import { recordLinear } from "../../src/nn/linear.ts";
import { recordMaxPool, recordMaxPoolBackward } from "../../src/nn/max_pool.ts";
import { recordPadChannels } from "../../src/nn/pad_channels.ts";
import {
  expectClose,
  noise,
  storageError,
  summationError,
  testInEachType,
  upload,
  type Values,
} from "./oracle.ts";
import { runWhole, uploadParts } from "./parts.ts";

// What one binding does not take lies in parts, and an op records its dispatches for each: here in parts of two and three
// images, which differ as those of an odd batch do, against the same op over the whole.

const SIZES = [2, 3, 2, 3], N = 10, VIEWS = 2;
const sketch = (shape: number[], dtype: "f32" | "f16" = "f32", label = "x"): Tensor => ({
  label,
  shape,
  dtype,
});
const sizesOf = (tensor: Tensor) => tensor.parts?.map(({ shape }) => shape[0]);

/** Results over what is whole, and over the same in parts. */
async function both(
  record: (recorder: Recorder, of: (values: Values, label?: string) => Tensor) => Tensor[],
  elem: Elem,
): Promise<[Float64Array[], Float64Array[]]> {
  return [
    await runWhole((recorder) => record(recorder, (values, label) => upload(values, label, elem))),
    await runWhole((recorder) =>
      record(recorder, (values, label) => uploadParts(values, SIZES, label, elem))
    ),
  ];
}

Deno.test("a batch is cut at images, within views, into as many parts as bindings want, and where fewer would begin", () => {
  const x = sketch([2 * 13, 8, 8, 3]), parts = (limit: number) => sizesOf(cut(x, 2, 100, limit));
  assertEquals(parts(2600), undefined); // it fits as it is
  assertEquals(parts(2599), [13, 13]);
  assertEquals(parts(1299), [6, 7, 6, 7]);
  assertEquals(parts(699), [3, 3, 3, 4, 3, 3, 3, 4]);
  assertEquals(parts(100), new Array(26).fill(1));
  assertEquals(parts(99), undefined); // an image alone does not fit: refused by the name of what it makes
  const halves = cut(x, 2, 100, 1299), quarters = cut(halves, 2, 100, 699);
  assertEquals(sizesOf(quarters), [3, 3, 3, 4, 3, 3, 3, 4]);
  assertEquals(quarters.parts!.map(({ base, start }) => [base, start])[1], [x, 3 * 8 * 8 * 3]);
});

testInEachType("channels, sums and pools in parts have the bits of the whole", async (elem) => {
  const shape = [N, 7, 9, 6], pool = { window: 3, stride: 2, padding: 1 };
  const [whole, parts] = await both((recorder, of) => {
    const x = of(noise(shape, 1)), other = of(noise(shape, 2), "other");
    const { y, saved } = recordMaxPool(recorder, "pool", x, pool);
    const dx = recordMaxPoolBackward(recorder, "pool", saved, of(noise(y.shape, 3), "dy"));
    const mean = recordGlobalAveragePool(recorder, "mean", x);
    const dMean = recordGlobalAveragePoolBackward(
      recorder,
      "mean",
      shape,
      upload(noise([N, 6], 4), "dy", elem),
      x,
    );
    return [
      y,
      dx,
      mean,
      dMean,
      recordAdd(recorder, "add", x, other),
      recordPadChannels(recorder, "pad", x, 8),
    ];
  }, elem);
  assertEquals(parts, whole);
});

testInEachType(
  "what is cut of a whole input, at any element, is padded to the bits of the whole",
  async (elem) => {
    const x = upload(noise([N, 3, 3, 3], 1), "x", elem); // an image's 27 elements are no offset that bindings begin at
    const record = (limit?: number) => (recorder: Recorder) => {
      const images = cut(x, VIEWS, 100, limit);
      assertEquals(sizesOf(images), limit && SIZES);
      return [recordPadChannels(recorder, "pad", images, 4)];
    };
    assertEquals(await runWhole(record(300)), await runWhole(record()));
  },
);

/** Images of whole numbers, of which sums are exact in any order. */
const whole = (shape: readonly number[], seed: number): Values => {
  const values = noise(shape, seed);
  return { shape, data: values.data.map((v) => Math.max(-3, Math.min(3, Math.round(v)))) };
};

for (
  const [H, C, K, R, stride, padding] of [
    [9, 3, 5, 3, 1, 1],
    [8, 8, 20, 3, 2, 1],
    [7, 16, 8, 1, 2, 0], // parities that no tap meets
    [12, 3, 16, 7, 2, 3],
  ]
) {
  testInEachType(
    `a convolution in parts has the bits of the whole, but for its weight's gradient's roundings: ${R}x${R} over ${H}², ${C} to ${K}, step ${stride}`,
    async (elem) => {
      const record = (of: (shape: readonly number[], seed: number) => Values) =>
        both((recorder, images) => {
          const weight = upload(of([K, R, R, C], 2)), x = images(of([N, H, H, C], 1));
          const { y, saved } = recordConv2d(recorder, "conv", x, weight, { stride, padding });
          const dy = images(of(y.shape, 3), "dy"), dWeight = upload(of([K, R, R, C], 4));
          const dx = recordConv2dBackward(recorder, "conv", saved, dy, dWeight)!;
          return [y, dx, dWeight];
        }, elem);
      const exact = await record(whole);
      assertEquals(exact[1], exact[0]);
      const rounded = await record(noise);
      assertEquals(rounded[1].slice(0, 2), rounded[0].slice(0, 2));
      // |x · dy| is 2/π on the mean, so the magnitudes' sum is below the number of terms, N · P · Q at most.
      const terms = N * H * H;
      expectClose(
        "dWeight",
        rounded[1][2],
        rounded[0][2],
        2 * summationError(terms),
        new Float64Array(K * R * R * C).fill(terms),
      );
    },
  );
}

for (
  const [name, { relu, residual, addend }] of Object.entries({
    plain: {},
    rectified: { relu: true },
    "with a residual": { relu: true, residual: true },
    "with two gradients": { relu: true, addend: true },
  } as Record<string, { relu?: boolean; residual?: boolean; addend?: boolean }>)
) {
  // Chunks are of 32 rows here: images of 32 pixels are whole ones, of 33 are not.
  for (const W of [4, 11]) {
    const H = W === 4 ? 8 : 3, alike = W === 4;
    testInEachType(
      `BatchNorm in parts ${
        alike ? "of whole chunks has the bits of the whole" : "agrees with the whole"
      }: ${name}`,
      async (elem) => {
        const shape = [N, H, W, 6], C = [6];
        const [all, parts] = await both((recorder, of) => {
          const gamma = upload(noise(C, 2)), beta = upload(noise(C, 3));
          const runningMean = upload(noise(C, 4)), runningVar = upload(noise(C, 5, { mean: 4, std: 0.5 }));
          const x = of(noise(shape, 1, { mean: 1, std: 2 })),
            parameters = { gamma, beta, runningMean, runningVar };
          const options = { relu, residual: residual ? of(noise(shape, 6), "residual") : undefined };
          const inferred = recordBatchNormInfer(recorder, "infer", x, parameters, options);
          const { y, saved } = recordBatchNormTrain(recorder, "norm", x, parameters, VIEWS, options);
          const dGamma = upload(noise(C, 7)), dBeta = upload(noise(C, 8)), dy = of(noise(shape, 9), "dy");
          const more = addend ? of(noise(shape, 10), "addend") : undefined;
          const { dx, dResidual } = recordBatchNormTrainBackward(recorder, "norm", saved, dy, dGamma, dBeta, {
            addend: more,
          });
          return [inferred, y, saved.statistics, runningMean, runningVar, dx, dResidual, dGamma, dBeta];
        }, elem);
        assertEquals(parts[0], all[0]);
        if (alike) return assertEquals(parts, all);
        // A rectifier's bit may turn where its input is within a rounding of 0: not in these.
        const scales = [1, 1, 1, 1, 1, 1, 1, Math.sqrt(N * H * W), Math.sqrt(N * H * W)];
        for (const [i, scale] of scales.entries()) {
          const most = all[i].reduce((most, v) => Math.max(most, Math.abs(v)), scale);
          const stored = i === 1 || i === 5 || i === 6 ? 2 * storageError(elem) : 0;
          expectClose(
            `result ${i}`,
            parts[i],
            all[i],
            8 * summationError(N * H * W) + stored,
            all[i].map(() => most),
          );
        }
      },
    );
  }
}

Deno.test("what is not made for parts refuses them by name, and so does what they do not suit", () => {
  const x = cut(sketch([N, 2, 2, 16]), VIEWS, 100, 300),
    y = sketch([N, 2, 2, 16], "f32", "y"),
    recorder = new Recorder();
  assertEquals(sizesOf(x), SIZES);
  assertThrows(() => reshape(x, [N, 64]), TypeError, "Cannot reshape x: it lies in parts");
  const rows = cut(sketch([N, 16]), VIEWS, 100, 300);
  assertThrows(
    () => recordLinear(recorder, "linear", rows, sketch([8, 16])),
    TypeError,
    "Cannot reshape x: it lies in parts",
  );
  assertThrows(
    () => recordAdd(recorder, "add", x, x),
    TypeError,
    "Cannot dispatch add over x: it lies in parts",
  ); // windows
  assertThrows(
    () => recordAdd(recorder, "add", y, x),
    RangeError,
    "Cannot use x beside y: they lie in parts of 2,3,2,3 and of 10 images",
  );
  const parameters = {
    gamma: sketch([16]),
    beta: sketch([16]),
    runningMean: sketch([16]),
    runningVar: sketch([16]),
  };
  for (const groups of [1, 5]) {
    const images = recorder.alloc("images", x.shape, "f32", x);
    const record = () => recordBatchNormTrain(recorder, "norm", images, parameters, groups);
    if (groups === 1) record(); // two views' parts are those of one group, too
    else {assertThrows(
        record,
        RangeError,
        `Cannot batch-normalise images in 5 groups: it lies in parts of 2,3,2,3 images`,
      );}
  }
  const across = cut(sketch([N, 4]), 1, 100, 400);
  assertEquals(sizesOf(across), [2, 3, 2, 3]);
  assertThrows(
    () => cutAs(across, cut(sketch([N, 4]), 5, 100, 200)),
    RangeError,
    "Cannot cut x: its parts would be cut across",
  );
});

Deno.test("a tensor in parts takes memory part by part, and none itself", () => {
  const recorder = new Recorder(), x = cut(sketch([N, 64]), VIEWS, 256, 800);
  const y = recorder.keep(recorder.alloc("y", [N, 64], "f32", x));
  assertEquals(partsOf(y).map(({ label, shape }) => [label, shape[0]]), [["y/0", 2], ["y/1", 3], ["y/2", 2], [
    "y/3",
    3,
  ]]);
  const { tensors, bytes, largest } = recorder.memory({
    maxStorageBufferBindingSize: 768,
    maxBufferSize: 2560,
  });
  assertEquals([tensors, bytes, largest?.bytes], [4, 2560, 768]);
  assert(y.storage === undefined);
});
