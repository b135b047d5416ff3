import { assert, assertEquals } from "@std/assert";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { exported, tensorsOf, withExports } from "../unit/export/export_scene.ts";
import { channelsFirst, embed, imagesFor } from "./export_images.ts";
import { normError } from "./oracle.ts";

const COUNT = 3;
for (
  const { arch, px, labels } of [
    { arch: "cifar_resnet8", px: 32 },
    { arch: "resnet18", px: 64, labels: ["cat", "dog", "ship", "horse"] },
    { arch: "resnet18x2-cifar", px: 16 },
    { arch: "resnet50", px: 64 },
  ]
) {
  Deno.test(`ONNX Runtime gives ${arch}'s embeddings of photographs from its model.onnx`, () =>
    withExports(async ({ exporter, keep }) => {
      const model = { arch, px, labels }, images = await imagesFor(px, COUNT);
      const file = await exported(exporter, await keep(model), "onnx", "model.onnx");
      const { rows: ours, dim } = await embed(model, px, images);
      const session = await InferenceSession.create(file, { logSeverityLevel: 3 });
      assertEquals([session.inputNames, session.outputNames], [
        ["pixel_values"],
        labels ? ["embedding", "logits"] : ["embedding"],
      ]);
      assert(
        normError(ours.subarray(0, dim), ours.subarray(dim, 2 * dim)) > 1e-2,
        "the images must not be embedded alike",
      );
      const run = (from: number, count: number) => {
        const values = channelsFirst(images.subarray(from * px * px * 3, (from + count) * px * px * 3), px);
        return session.run({ pixel_values: new Tensor("float32", values, [count, 3, px, px]) });
      };
      const all = await run(0, COUNT), one = await run(1, 1); // a batch of any size
      assertEquals([all.embedding.dims, one.embedding.dims], [[COUNT, dim], [1, dim]]);
      const theirs = all.embedding.data as Float32Array;
      for (let i = 0; i < COUNT; i++) {
        const [a, b] = [ours, theirs].map((rows) => rows.subarray(i * dim, (i + 1) * dim));
        const error = normError(a, b);
        assert(error <= 1e-4, `embedding ${i} differs by ${error} of its norm`);
      }
      assert(normError(ours.subarray(dim, 2 * dim), one.embedding.data as Float32Array) <= 1e-4);
      if (labels) {
        const [weight, bias] = ["fc.weight", "fc.bias"].map((name) =>
          tensorsOf(model).get(name)!.data as Float32Array
        );
        const logits = Float64Array.from({ length: COUNT * labels.length }, (_, at) => {
          const row = Math.floor(at / labels.length), k = at % labels.length;
          return ours.subarray(row * dim, (row + 1) * dim).reduce(
            (sum, x, i) => sum + x * weight[k * dim + i],
            bias[k],
          );
        });
        assertEquals(all.logits.dims, [COUNT, labels.length]);
        const error = normError(all.logits.data as Float32Array, logits);
        assert(error <= 1e-4, `logits differ by ${error} of their norm`);
      }
      await session.release();
    }));
}
