/** What models are wrapped in, which says nothing of them: DistributedDataParallel, Lightning, latentd's own, transformers. */
const WRAPPERS = String.raw`(?:(?:module|model|backbone|online|encoder|resnet)\.)*?`;
const VALUE = String.raw`(?:weight|bias|running_mean|running_var|num_batches_tracked)`;
/** torchvision's names, and timm's (torchvision/models/resnet.py). */
const TORCHVISION = new RegExp(
  String.raw`^${WRAPPERS}((?:conv1|bn1|fc|layer\d\.\d{1,3}\.(?:conv\d|bn\d|downsample\.[01]))\.${VALUE})$`,
);
/** transformers' names (models/resnet/modeling_resnet.py). */
const KIND = String.raw`(convolution|normalization)\.(${VALUE})`;
const STEM = new RegExp(String.raw`^${WRAPPERS}embedder\.embedder\.${KIND}$`);
const LAYER = new RegExp(
  String.raw`^${WRAPPERS}encoder\.stages\.(\d)\.layers\.(\d{1,3})\.(?:layer\.(\d)|shortcut)\.${KIND}$`,
);
const HEAD = new RegExp(String.raw`^${WRAPPERS}classifier\.1\.(weight|bias)$`);
/** What served training alone: BYOL's heads and target, and what its optimiser keeps. */
const OF_TRAINING = new RegExp(
  String.raw`^${WRAPPERS}(?:(?:projector|predictor|target|optimizer|probe)\..+|loss_scale)$`,
);
/** No name of a ResNet's is as long; longer ones are not worth looking at. */
const MAX_LENGTH = 200;

/**
 * What a tensor of somebody else's file is: its name among torchvision's; `training` for what served training alone, and is
 * left out; undefined for what no ResNet has.
 */
export function torchvisionName(name: string): { name: string } | "training" | undefined {
  if (name.length > MAX_LENGTH) return undefined;
  if (OF_TRAINING.test(name)) return "training";
  const own = TORCHVISION.exec(name);
  if (own) return { name: own[1] };
  const stem = STEM.exec(name);
  if (stem) return { name: `${stem[1] === "convolution" ? "conv1" : "bn1"}.${stem[2]}` };
  const layer = LAYER.exec(name);
  if (layer) {
    const [, stage, block, number, kind, value] = layer, isConv = kind === "convolution";
    const part = number === undefined
      ? `downsample.${isConv ? 0 : 1}`
      : `${isConv ? "conv" : "bn"}${Number(number) + 1}`;
    return { name: `layer${Number(stage) + 1}.${block}.${part}.${value}` };
  }
  const head = HEAD.exec(name);
  return head ? { name: `fc.${head[1]}` } : undefined;
}
