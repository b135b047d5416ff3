import { assertEquals, assertThrows } from "@std/assert";
import { type ModelConfig, modelConfig, readModelConfig } from "../../../src/checkpoint/model_config.ts";
import { DomainError } from "../../../src/domain/errors.ts";

const description = (px: number) => ({
  arch: "cifar_resnet20",
  dim: 64,
  classes: 0,
  preprocessing: {
    px,
    channel_mean: [0.1, 0.2, 0.3] as [number, number, number],
    channel_std: [0.4, 0.5, 0.6] as [number, number, number],
  },
});

Deno.test("modelConfig() lays a model's config out as timm does", () => {
  const { architecture, num_classes, num_features, global_pool, pretrained_cfg } = modelConfig(
    description(32),
  );
  assertEquals([architecture, num_classes, num_features, global_pool], ["cifar_resnet20", 0, 64, "avg"]);
  const { input_size, mean, std, interpolation, crop_pct } = pretrained_cfg;
  assertEquals(input_size, [3, 32, 32]);
  assertEquals([mean, std], [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]);
  assertEquals([interpolation, crop_pct], ["bicubic", 1]);
});

Deno.test("modelConfig() crops 224 of 256 from 64 px on, and readModelConfig() reads it back", () => {
  for (const [px, crop] of [[8, 1], [63, 1], [64, 0.875], [224, 0.875]]) {
    const config = modelConfig(description(px));
    assertEquals(config.pretrained_cfg.crop_pct, crop);
    assertEquals(readModelConfig(JSON.parse(JSON.stringify(config))), description(px));
  }
});

Deno.test("readModelConfig() names every failure by its pointer", () => {
  const config = modelConfig(description(32));
  const wrong = {
    ...config,
    num_classes: -1,
    pretrained_cfg: { ...config.pretrained_cfg, input_size: [3, 32, 48], std: [0, 1, 1] },
  };
  const error: DomainError = assertThrows(
    () => readModelConfig(wrong),
    DomainError,
    "Cannot read config.json",
  );
  assertEquals(error.code, "malformed");
  assertEquals(
    error.options.errors?.map(({ pointer }) => pointer).sort(),
    ["#/num_classes", "#/pretrained_cfg/input_size", "#/pretrained_cfg/std/0"],
  );
  for (const other of [null, [], "config", {}]) assertThrows(() => readModelConfig(other), DomainError);
});

Deno.test("readModelConfig() refuses a crop that the service would not make", () => {
  const config: ModelConfig = modelConfig(description(224));
  config.pretrained_cfg.crop_pct = 0.95;
  assertThrows(() => readModelConfig(config), DomainError, "crop_pct must be 0.875 at 224 px, got 0.95");
});
