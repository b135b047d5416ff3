/** The importer's thread: where an upload lies in; the checkpoint that was made of it, or why there is none, out. */
import { writeCheckpoint } from "../checkpoint/checkpoint_writer.ts";
import { modelConfig } from "../checkpoint/model_config.ts";
import { decodeForeignHeader, headBytes } from "../checkpoint/safetensors.ts";
import type { Preprocessing } from "../domain/checkpoint.ts";
import { DomainError, toFailure } from "../domain/errors.ts";
import { resnetSpec } from "../nn/resnet_architecture.ts";
import type { ImportAnswer, ImportedModel, ImportTask } from "./importer.ts";
import { readLabels } from "./labels.ts";
import { matchTensors } from "./match_tensors.ts";
import { readBytes, readValues } from "./read_values.ts";

/** ImageNet's, as torchvision has them. */
const CHANNEL_MEAN: Preprocessing["channel_mean"] = [0.485, 0.456, 0.406];
const CHANNEL_STD: Preprocessing["channel_std"] = [0.229, 0.224, 0.225];
const DEFAULT_PX = { imagenet: 224, cifar: 32 } as const;

const thread = self as unknown as {
  onmessage: (event: MessageEvent<ImportTask>) => void;
  postMessage(message: ImportAnswer): void;
};

thread.onmessage = async ({ data }) => {
  try {
    thread.postMessage({ made: await importModel(data) });
  } catch (error) {
    thread.postMessage({ failure: toFailure(error, "Cannot import a checkpoint") });
  }
};

async function importModel({ directory, id, path, options }: ImportTask): Promise<ImportedModel> {
  using file = Deno.openSync(path);
  const { tensors, metadata } = readHeader(file), matched = matchTensors(tensors, options.arch);
  const { arch, classes } = matched, { dim, stem } = resnetSpec(arch);
  const labels = classes > 0 ? readLabels(metadata, classes) : undefined;
  const { px = DEFAULT_PX[stem], channelMean = CHANNEL_MEAN, channelStd = CHANNEL_STD } = options;
  const preprocessing = { px, channel_mean: channelMean, channel_std: channelStd };
  const config = modelConfig({ arch, dim, classes, preprocessing });
  const model = readValues(file, matched);
  return { arch, px, files: await writeCheckpoint(directory, id, { model, config, labels }) };
}

/** A file's header: so much of it is read as it has, or may have, and no more. */
function readHeader(file: Deno.FsFile): ReturnType<typeof decodeForeignHeader> {
  const { size } = file.statSync(), first = readBytes(file, { begin: 0, end: Math.min(8, size) });
  const end = first.length < 8 ? first.length : Math.min(size, headBytes(first));
  try {
    return decodeForeignHeader(readBytes(file, { begin: 0, end }), size, { label: "the checkpoint" });
  } catch (error) {
    // Malformed is what a request is; this one brought a file that is not what it should be.
    if (!(error instanceof DomainError)) throw error;
    throw new DomainError("invalid", error.message, { type: "bad_safetensors" });
  }
}
