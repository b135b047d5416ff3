import { type Arch, ARCHS } from "../domain/pretrain.ts";
import { blocksOf, type LayerSpec, type ResNetSpec, resnetSpec, stemOf } from "../nn/resnet_architecture.ts";

export type Shape = readonly number[];

/** The tensors of an encoder under torchvision's names, and their shapes as files have them; counters are apart. */
export interface EncoderTensors {
  spec: ResNetSpec;
  floats: Map<string, Shape>;
  /** Batches that a norm's statistics have seen: numbers that nobody needs, and that some files lack. */
  counters: Set<string>;
}

export function encoderTensors(arch: Arch): EncoderTensors {
  const spec = resnetSpec(arch), floats = new Map<string, Shape>(), counters = new Set<string>();
  const add = ({ conv, norm, inputs, outputs, window }: LayerSpec) => {
    const bn = own(norm);
    floats.set(`${own(conv)}.weight`, [outputs, inputs, window, window]);
    for (const value of ["weight", "bias", "running_mean", "running_var"]) {
      floats.set(`${bn}.${value}`, [outputs]);
    }
    counters.add(`${bn}.num_batches_tracked`);
  };
  add(stemOf(spec, "").layer);
  for (const { layers, shortcut } of blocksOf(spec, "")) {
    for (const layer of layers) add(layer);
    if (shortcut) add(shortcut);
  }
  return { spec, floats, counters };
}
const own = (name: string): string => name.slice(1); // the prefix is empty, its dot is not

/** The architecture that tensors are of, by their first convolution, and how many blocks of which kind there are. */
export function findArch(shapes: ReadonlyMap<string, Shape>): Arch | undefined {
  const [width, , window] = shapes.get("conv1.weight") ?? [], blocks: number[] = [];
  for (const name of shapes.keys()) {
    const [, group, block] = /^layer(\d)\.(\d+)\.conv1\.weight$/.exec(name) ?? [];
    if (group) blocks[Number(group) - 1] = Math.max(blocks[Number(group) - 1] ?? 0, Number(block) + 1);
  }
  const block = shapes.has("layer1.0.conv3.weight") ? "bottleneck" : "basic";
  return ARCHS.find((arch) => {
    const spec = resnetSpec(arch);
    return spec.widths[0] === width && stemOf(spec, "").layer.window === window && spec.block === block &&
      String(spec.blocks) === String(blocks);
  });
}
