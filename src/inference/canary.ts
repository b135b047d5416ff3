import { RandomStream } from "../domain/philox.ts";
import type { PipelineCache } from "../gpu/pipeline.ts";
import { krscToOihw, NetworkLayout } from "../nn/network.ts";
import { addResNet } from "../nn/resnet.ts";
import type { ResNetSpec } from "../nn/resnet_architecture.ts";
import { Encoder } from "./encoder.ts";

/** A net as small as one can be that has a convolution, a BatchNorm, a shortcut and a pool. */
export const CANARY_NET: ResNetSpec = { stem: "cifar", block: "basic", blocks: [1], widths: [16], dim: 16 };
export const CANARY_PX = 8;
/** Its embedding in float64: tests/oracle/canary_test.ts works it out anew. */
export const CANARY_EMBEDDING: readonly number[] = [
  1.99781957,
  0.931054645,
  0.955230535,
  0.348157104,
  0.754915287,
  0.160540722,
  0.529720143,
  1.17132993,
  0.107063292,
  0.210826511,
  0.174137142,
  1.28153948,
  0.350593191,
  0.315955561,
  0.915868695,
  1.06400744,
];
/** Of the embedding's norm. f32 makes less than 1e-6 of it; a driver that computes something else makes 1. */
const TOLERANCE = 1e-4;
const SEED = 6, STREAM = 95;

/** The net's parameters and statistics by torchvision's names, convolutions KRSC. */
export function canaryValues(): Map<string, { shape: readonly number[]; data: Float32Array }> {
  const layout = new NetworkLayout(), random = new RandomStream(SEED, STREAM);
  addResNet(layout, "canary", CANARY_NET);
  return new Map([...layout.parameters.slots, ...layout.statistics.slots].map(({ name, shape }) => {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
    const isScale = /(bn\d\.weight|running_var)$/.test(name);
    for (let i = 0; i < data.length; i++) {
      data[i] = isScale ? random.uniform(0.5, 1.5) : random.uniform(-0.3, 0.3);
    }
    return [name.slice("canary.".length), { shape, data }];
  }));
}

/** One image, `[1, px, px, 3]`. */
export function canaryImage(): Float32Array<ArrayBuffer> {
  const random = new RandomStream(SEED, STREAM, 1);
  return Float32Array.from({ length: CANARY_PX * CANARY_PX * 3 }, () => random.uniform(-2, 2));
}

/** Finds out whether a GPU still embeds as it should: a fixed image through a fixed net. */
export class Canary {
  readonly #encoder: Encoder;
  readonly #image = canaryImage();

  constructor(pipelines: PipelineCache) {
    const values = [...canaryValues()].map(([name, { data, shape }]) =>
      [name, krscToOihw(data, shape)] as const
    );
    this.#encoder = new Encoder(pipelines, CANARY_NET, CANARY_PX, new Map(values));
  }

  /** @throws {Error} If the embedding is not the one that it must be. */
  async check(): Promise<void> {
    const embedding = await this.#encoder.embed(this.#image);
    const difference = Math.hypot(...embedding.map((value, i) => value - CANARY_EMBEDDING[i]));
    const error = difference / Math.hypot(...CANARY_EMBEDDING);
    if (!(error <= TOLERANCE)) {
      throw new Error(`Cannot trust the GPU: a known image's embedding differs by ${error} of its norm`);
    }
  }
}
