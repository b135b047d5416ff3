import type { Checkpoint, Preprocessing } from "./checkpoint.ts";
import type { Arch } from "./pretrain.ts";

/** How an imported model is to be taken; what is left out is found out, or has a default. */
export interface ImportOptions {
  /** Left out: the one that the tensors' shapes tell. */
  arch?: Arch;
  /** Left out: 224, and 32 for encoders of small images. */
  px?: number;
  /** Left out: ImageNet's. */
  channelMean?: Preprocessing["channel_mean"];
  channelStd?: Preprocessing["channel_std"];
}
/** Takes in models that were trained elsewhere. */
export interface CheckpointImporter {
  /**
   * Makes a checkpoint of a safetensors file. It is durable and listed when this resolves; what fails leaves nothing.
   *
   * @throws {DomainError} `unsupported_media_type`, type `pickle`, for a file of PyTorch's own; `invalid`, type
   *   `bad_safetensors`, for a file that is damaged, or type `wrong_tensors`, listing each tensor that is missing, of no
   *   use, of another shape or dtype, or not finite; `too_large` (counted while streaming), `disk_full`, `malformed` when
   *   empty or broken off, `unavailable` while the server stops.
   */
  import(body: ReadableStream<Uint8Array>, options: ImportOptions): Promise<Checkpoint>;
}
