import { assertEquals, assertThrows } from "@std/assert";
import { DomainError } from "../../../src/domain/errors.ts";
import { batchesThatFit, cutIntoBatches } from "../../../src/inference/batch_sizes.ts";
import { resnetSpec } from "../../../src/nn/resnet_architecture.ts";

const MiB = 2 ** 20;

Deno.test("an encoder takes the batches whose largest activation the device can bind", () => {
  const batches = (arch: string, px: number, limit: number) => batchesThatFit(resnetSpec(arch), px, limit);
  assertEquals(batches("cifar_resnet8", 32, 128 * MiB), [1, 2, 4, 8, 16, 32, 64, 128]);
  assertEquals(batches("resnet18", 224, 128 * MiB), [1, 2, 4, 8, 16, 32]); // 64 would be 196 MiB
  assertEquals(batches("resnet18", 512, 128 * MiB), [1, 2, 4, 8]); // 8 are 128 MiB to the byte
  assertEquals(batches("resnet18-cifar", 512, 128 * MiB), [1, 2]);
  assertEquals(batches("resnet50", 224, 2048 * MiB - 4), [1, 2, 4, 8, 16, 32]); // it would bind more, and fill the memory
  assertEquals(batches("resnet50x4-cifar", 512, 2048 * MiB - 4), [1]); // over what is enough, yet it fits
});

Deno.test("an image whose activations the device cannot bind is refused", () => {
  const error = assertThrows(() => batchesThatFit(resnetSpec("resnet50-cifar"), 512, 128 * MiB), DomainError);
  assertEquals([error.code, error.options.type], ["invalid", "model_too_large"]);
  assertEquals(
    error.message,
    "Cannot embed images of 512 px: the GPU binds at most 134217728 bytes, and a layer makes 268435456 of one",
  );
});

Deno.test("images are cut into batches that they fill, or nearly", () => {
  const sizes = [1, 2, 4, 8, 16, 32];
  const cut = (images: number, of = sizes) => cutIntoBatches(images, of);
  assertEquals([0, 1, 2, 3, 5, 6, 7, 8, 9].map((n) => cut(n)), [
    ...[[], [1], [2], [4], [4, 1], [8], [8], [8], [8, 1]],
  ]);
  assertEquals([23, 24, 70].map((n) => cut(n)), [[16, 8], [32], [32, 32, 8]]);
  assertEquals([3, 40].map((n) => cut(n, [32])), [[32], [32, 32]]); // there is no smaller one
  for (let n = 1; n < 200; n++) {
    const rows = cut(n).reduce((a, b) => a + b, 0);
    assertEquals(rows >= n && rows <= Math.ceil(4 / 3 * n), true, `${n} images in ${rows} rows`);
  }
});
