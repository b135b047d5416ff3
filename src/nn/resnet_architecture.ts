/** The shape of a ResNet: its stem, and groups of blocks of one kind. */
export interface ResNetSpec {
  /** `imagenet`: 7×7 at stride 2, then a max-pool 3×3 at stride 2. `cifar`: 3×3 at stride 1, and no pool. */
  stem: "imagenet" | "cifar";
  /** `basic`: 3×3, 3×3. `bottleneck`: 1×1, 3×3, and 1×1 to four times the width; the stride is the 3×3's ("v1.5"). */
  block: "basic" | "bottleneck";
  /** Blocks of each group. */
  blocks: readonly number[];
  /** Channels inside the blocks of each group; the first is the stem's too. */
  widths: readonly number[];
  /** Length of the embedding. */
  dim: number;
}

/** A convolution without bias, padded by half its window, and the BatchNorm behind it. */
export interface LayerSpec {
  conv: string;
  norm: string;
  inputs: number;
  outputs: number;
  window: number;
  stride: number;
}
/** Layers one after another, rectified; what went in is added before the last rectifier, through `shortcut` if there is one. */
export interface BlockSpec {
  name: string;
  /** Of which group, from 1 as in torchvision's `layer1`. */
  group: number;
  layers: LayerSpec[];
  shortcut?: LayerSpec;
}

const POOL = { window: 3, stride: 2, padding: 1 } as const;
const EXPANSION = { basic: 1, bottleneck: 4 } as const;
/** He et al., arXiv 1512.03385, table 1; 200 layers as in BYOL's code (arXiv 1603.05027). */
const GROUPS: Record<string, { block: ResNetSpec["block"]; blocks: readonly number[] }> = {
  18: { block: "basic", blocks: [2, 2, 2, 2] },
  34: { block: "basic", blocks: [3, 4, 6, 3] },
  50: { block: "bottleneck", blocks: [3, 4, 6, 3] },
  101: { block: "bottleneck", blocks: [3, 4, 23, 3] },
  152: { block: "bottleneck", blocks: [3, 8, 36, 3] },
  200: { block: "bottleneck", blocks: [3, 24, 36, 3] },
};

/**
 * The encoder that a name stands for:
 *
 * - `resnet{18,34,50,101,152,200}[x2|x3|x4][-cifar]`: torchvision's ResNets, every channel times the width, the stem's
 *   too, as BYOL's code does it (torchvision's own wide_resnet widens only the bottlenecks' inside); `-cifar` for the
 *   stem that suits small images.
 * - `cifar_resnet<6n + 2>`: He et al.'s for CIFAR (§4.2), n blocks of 16, of 32 and of 64 channels.
 *
 * A shortcut is the input itself but where the shape changes, where it is a 1×1 projection.
 *
 * @throws {RangeError} If `arch` is neither.
 */
export function resnetSpec(arch: string): ResNetSpec {
  const [, small, depth, width = "1", cifar] =
    /^(?:cifar_resnet(\d+)|resnet(18|34|50|101|152|200)(?:x([234]))?(-cifar)?)$/.exec(arch) ?? [];
  if (depth) {
    const { block, blocks } = GROUPS[depth], widths = [64, 128, 256, 512].map((w) => w * Number(width));
    return { stem: cifar ? "cifar" : "imagenet", block, blocks, widths, dim: widths[3] * EXPANSION[block] };
  }
  const n = (Number(small) - 2) / 6;
  if (!Number.isInteger(n) || n < 1) {
    throw new RangeError(
      `Cannot build an encoder: it must be resnet{18,34,50,101,152,200}[x2|x3|x4][-cifar] or a cifar_resnet of ` +
        `6n + 2 layers, got ${arch}`,
    );
  }
  return { stem: "cifar", block: "basic", blocks: [n, n, n], widths: [16, 32, 64], dim: 64 };
}

/** The first layer, and the pool behind it. */
export function stemOf(
  { stem, widths }: ResNetSpec,
  prefix: string,
): { layer: LayerSpec; pool?: { window: number; stride: number; padding: number } } {
  const layer = { conv: `${prefix}.conv1`, norm: `${prefix}.bn1`, inputs: 3, outputs: widths[0] };
  return stem === "imagenet"
    ? { layer: { ...layer, window: 7, stride: 2 }, pool: POOL }
    : { layer: { ...layer, window: 3, stride: 1 } };
}

/** The blocks, first to last, under torchvision's names. */
export function* blocksOf({ block, blocks, widths }: ResNetSpec, prefix: string): Generator<BlockSpec> {
  let inputs = widths[0];
  for (const [g, width] of widths.entries()) {
    for (let b = 0; b < blocks[g]; b++) {
      const name = `${prefix}.layer${g + 1}.${b}`, stride = g > 0 && b === 0 ? 2 : 1;
      const outputs = width * EXPANSION[block];
      const layer = (
        i: number,
        inputs: number,
        outputs: number,
        window: number,
        stride: number,
      ): LayerSpec => (
        { conv: `${name}.conv${i}`, norm: `${name}.bn${i}`, inputs, outputs, window, stride }
      );
      yield {
        name,
        group: g + 1,
        layers: block === "basic" ? [layer(1, inputs, width, 3, stride), layer(2, width, outputs, 3, 1)] : [
          layer(1, inputs, width, 1, 1),
          layer(2, width, width, 3, stride),
          layer(3, width, outputs, 1, 1),
        ],
        shortcut: stride !== 1 || inputs !== outputs
          ? {
            ...{ conv: `${name}.downsample.0`, norm: `${name}.downsample.1` },
            ...{ inputs, outputs, window: 1, stride },
          }
          : undefined,
      };
      inputs = outputs;
    }
  }
}

/** Elements of the largest activation that one image of `px` × `px` pixels makes, or of the image. */
export function largestActivation(spec: ResNetSpec, px: number): number {
  const { layer, pool } = stemOf(spec, "");
  // Padded by half, a convolution of stride t leaves ceil(px / t) rows; and so does the pool.
  const whole = (channels: number) => 4 * Math.ceil(channels / 4); // convolutions load four channels at a time
  let side = Math.ceil(px / layer.stride),
    most = Math.max(whole(3) * px * px, side * side * whole(layer.outputs));
  if (pool) side = Math.ceil(side / pool.stride);
  for (const { layers } of blocksOf(spec, "")) {
    for (const { stride, outputs } of layers) {
      side = Math.ceil(side / stride);
      most = Math.max(most, side * side * whole(outputs));
    }
  }
  return most;
}

/** Floating-point operations of the convolutions for one image of `px` × `px` pixels, forward: a product and a sum are two. */
export function forwardFlops(spec: ResNetSpec, px: number): number {
  const { layer, pool } = stemOf(spec, "");
  const of = ({ window, inputs, outputs }: LayerSpec, side: number) =>
    2 * window * window * inputs * outputs * side * side;
  let side = Math.ceil(px / layer.stride), flops = of(layer, side);
  if (pool) side = Math.ceil(side / pool.stride);
  for (const { layers, shortcut } of blocksOf(spec, "")) {
    for (const each of layers) {
      side = Math.ceil(side / each.stride);
      flops += of(each, side);
    }
    if (shortcut) flops += of(shortcut, side);
  }
  return flops;
}
