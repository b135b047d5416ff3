import { join } from "@std/path";
import { readModel } from "../checkpoint/checkpoint_reader.ts";
import type { ModelDescription } from "../domain/checkpoint.ts";
import { DatasetReader } from "../data/dataset_reader.ts";
import { DomainError } from "../domain/errors.ts";
import type { NamedTensors } from "../domain/tensor_data.ts";
import type { LabelledEmbeddings } from "../evaluation/knn.ts";
import { Encoder } from "../inference/encoder.ts";
import { Preprocessor } from "../inference/preprocess.ts";
import { embedItems } from "./embed_items.ts";
import { type FrozenPlan, type FrozenPlanning, planFrozen } from "./frozen_plan.ts";
import type { Run } from "./run.ts";

/** A split's images that have a class. */
export interface LabelledItems {
  items: Uint32Array;
  /** Images of the split that have none. */
  left: number;
}

/** What evaluates a checkpoint has at hand: its encoder, frozen, and the job's dataset. Nothing writes to either. */
export class FrozenEncoder {
  private constructor(
    readonly run: Run,
    readonly reader: DatasetReader,
    readonly encoder: Encoder,
    readonly preprocessor: Preprocessor,
    readonly model: ModelDescription,
    /** The encoder's, under torchvision's names; without a head. */
    readonly tensors: NamedTensors,
  ) {}

  /**
   * @param plan What the job takes of the GPU's memory, before it takes any.
   * @throws {DomainError} `not_found` or `conflict` for the checkpoint; as an Encoder; as `plan`.
   */
  static async open(
    run: Run,
    checkpoint: string,
    plan: (planning: FrozenPlanning) => FrozenPlan,
  ): Promise<FrozenEncoder> {
    const { pipelines, dataDir, task } = run;
    const { tensors, config } = await readModel(join(dataDir, "checkpoints"), checkpoint);
    const encoderOnly = new Map([...tensors].filter(([name]) => !name.startsWith("fc.")));
    const reader = DatasetReader.open(join(dataDir, "datasets", task.dataset));
    try {
      const { arch, preprocessing: { px } } = config;
      const { images } = planFrozen(run, { reader, model: config }, plan);
      const encoder = new Encoder(pipelines, arch, px, encoderOnly, undefined, images);
      const preprocessor = new Preprocessor(pipelines, config.preprocessing);
      return new FrozenEncoder(run, reader, encoder, preprocessor, config, encoderOnly);
    } catch (error) {
      reader.close();
      throw error;
    }
  }

  /** @throws {DomainError} `invalid` if there are none. */
  labelled(split: string): LabelledItems {
    const all = this.reader.items(split), items = all.filter((n) => this.reader.classOf(n) >= 0);
    if (items.length > 0) return { items, left: all.length - items.length };
    throw new DomainError("invalid", `Cannot evaluate on ${split}: it has no images with a class`);
  }

  /**
   * Embeddings without augmentation, with the classes of the dataset.
   *
   * @throws {DomainError} `invalid`, type `diverged`, if one is not finite. @throws What the job was stopped with.
   */
  async embed(items: Uint32Array, embedded?: (count: number) => void): Promise<LabelledEmbeddings> {
    const { encoder, preprocessor, reader, run: { signal } } = this;
    const found = await embedItems(encoder, preprocessor, reader, items, signal, embedded);
    if (found.rows.every(Number.isFinite)) return found;
    throw new DomainError("invalid", "Cannot evaluate the encoder: an embedding is not finite", {
      type: "diverged",
    });
  }

  /** How images become the encoder's input: the protocol's part that depends on the checkpoint's px. */
  preprocessingOf(...splits: Uint32Array[]): Record<string, unknown> {
    const { px } = this.model.preprocessing;
    let resized = 0, images = 0;
    for (const items of splits) {
      for (const n of items) {
        const { width, height } = this.reader.size(n);
        images++;
        if (width !== px || height !== px) resized++;
      }
    }
    return { px, images, resized };
  }

  destroy(): void {
    this.encoder.destroy();
    this.preprocessor.destroy();
    this.reader.close();
  }
}
