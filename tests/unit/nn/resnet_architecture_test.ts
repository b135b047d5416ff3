import { assert, assertEquals, assertThrows } from "@std/assert";
import { ARCHS } from "../../../src/domain/pretrain.ts";
import { elementCount } from "../../../src/gpu/tensor.ts";
import { NetworkLayout } from "../../../src/nn/network.ts";
import { addResNet } from "../../../src/nn/resnet.ts";
import { largestActivation, resnetSpec } from "../../../src/nn/resnet_architecture.ts";

function layoutOf(arch: string): NetworkLayout {
  const layout = new NetworkLayout();
  addResNet(layout, "encoder", resnetSpec(arch));
  return layout;
}
const parameters = (arch: string): number =>
  layoutOf(arch).parameters.slots.reduce((sum, { shape }) => sum + elementCount(shape), 0);

Deno.test("encoders have torchvision's parameters, the classifier's left out", () => {
  const counts = {
    resnet18: 11_176_512,
    resnet34: 21_284_672,
    resnet50: 23_508_032,
    resnet101: 42_500_160,
    resnet152: 58_143_808,
    "resnet18-cifar": 11_168_832,
    cifar_resnet8: 77_392,
  };
  assertEquals(Object.fromEntries(Object.keys(counts).map((arch) => [arch, parameters(arch)])), counts);
});

Deno.test("a width multiplies every channel, the stem's and the embedding's too", () => {
  const { parameters } = layoutOf("resnet50x2");
  assertEquals(parameters.slot("encoder.conv1.weight").shape, [128, 7, 7, 3]);
  assertEquals(parameters.slot("encoder.layer1.0.conv1.weight").shape, [128, 1, 1, 128]);
  assertEquals(parameters.slot("encoder.layer4.2.conv3.weight").shape, [4096, 1, 1, 1024]);
  assertEquals([resnetSpec("resnet50x2").dim, resnetSpec("resnet34x4-cifar").dim], [4096, 2048]);
});

Deno.test("names, and where projections stand, are torchvision's", () => {
  const names = layoutOf("resnet50").parameters.slots.map(({ name }) => name.slice("encoder.".length));
  const projections = names.filter((name) => name.endsWith("downsample.0.weight"));
  assertEquals(projections, [1, 2, 3, 4].map((g) => `layer${g}.0.downsample.0.weight`));
  assert(!layoutOf("resnet18").parameters.slots.some(({ name }) => name.includes("layer1.0.downsample")));
  assertEquals(names.slice(0, 6), [
    ...["conv1.weight", "bn1.weight", "bn1.bias"],
    ...["layer1.0.conv1.weight", "layer1.0.bn1.weight", "layer1.0.bn1.bias"],
  ]);
});

Deno.test("every arch that a job may name can be built, and no other", () => {
  for (const arch of ARCHS) {
    const { dim, blocks, widths } = resnetSpec(arch);
    assert(dim >= 64 && blocks.length === widths.length, arch);
  }
  assertEquals(new Set(ARCHS).size, 6 * 4 * 2 + 5);
  const others = [
    "resnet19",
    "resnet50x1",
    "resnet50x5",
    "resnet18-cifarx2",
    "wide_resnet50_2",
    "cifar_resnet9",
  ];
  for (const arch of [...others, "cifar_resnet2", "resnet18 ", "cifar_resnet8-cifar", ""]) {
    assertThrows(() => resnetSpec(arch), RangeError, "Cannot build an encoder");
  }
});

Deno.test("the largest activation is the stem's, or the first group's", () => {
  assertEquals(largestActivation(resnetSpec("resnet18"), 224), 112 * 112 * 64);
  assertEquals(largestActivation(resnetSpec("resnet50"), 224), 112 * 112 * 64); // as many as 56 · 56 · 256
  assertEquals(largestActivation(resnetSpec("resnet50-cifar"), 32), 32 * 32 * 256);
  assertEquals(largestActivation(resnetSpec("resnet18"), 37), 19 * 19 * 64);
  assertEquals(largestActivation(resnetSpec("cifar_resnet8"), 1), 64);
});
