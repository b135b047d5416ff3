import { DomainError } from "./errors.ts";
import type { ModelLatency } from "./measures.ts";

export interface CheckpointFile {
  name: string;
  bytes: number;
  sha256: string;
}
/**
 * A model, and with it the resumable state of the job that made it, at a step; an imported one is a model alone. It is
 * listed only once all of its files are on disk.
 */
export interface Checkpoint {
  id: string;
  object: "checkpoint";
  /** What made it; null if it was imported. */
  job: string | null;
  arch: string;
  px: number;
  step: number;
  epoch: number;
  metrics: Record<string, number>;
  files: CheckpointFile[];
  created_at: string;
}

/** Whether it was made while its run showed signs of collapse: its metrics then have `suspect: 1`. */
export const isSuspect = ({ metrics }: Pick<Checkpoint, "metrics">): boolean => metrics.suspect === 1;

/** What whoever asks a checkpoint without a head to classify is told. @param name Of the model, as it was asked for. */
export const notAClassifier = (name: string): DomainError =>
  new DomainError(
    "invalid",
    `Cannot classify by ${name}: it has no head, and only embeds; finetune or linear_probe make one, or an import with fc.*`,
    { type: "not_a_classifier", errors: [{ pointer: "#/model", detail: "must be a classifier" }] },
  );

/** What a checkpoint may consist of. All have the first two and the last; which others, what made it decides. */
export const CHECKPOINT_FILES = [
  "model.safetensors",
  "config.json",
  "labels.json",
  "training_state.safetensors",
  "state.json",
  "manifest.json",
] as const;
export type CheckpointFileName = typeof CHECKPOINT_FILES[number];

/** How an image becomes an encoder's input: see domain text in api.md's Embeddings. */
export interface Preprocessing {
  px: number;
  channel_mean: [number, number, number];
  channel_std: [number, number, number];
}
/** What a checkpoint serves as a model. */
export interface ModelDescription {
  arch: string;
  dim: number;
  /** Of its head (`fc.*`, named by `labels.json`); 0: it has none. */
  classes: number;
  preprocessing: Preprocessing;
}
/** What serves embeddings; a checkpoint id is always a model id, and an alias names one. */
export interface Model {
  id: string;
  object: "model";
  checkpoint: string;
  arch: string;
  dim: number;
  px: number;
  preprocessing: Preprocessing;
  /** What it can do; whatever classifies embeds, too. */
  task: "embedding" | "classification";
  /** How many classes it tells apart; 0 if it only embeds. */
  labels: number;
  owned_by: "latentd";
  created: number;
  /** What names its checkpoint, by name. */
  aliases: string[];
  /** Of an alias, what it named before; null if nothing, or if that is gone. */
  previous: string | null;
  /** Whether it is held ready, so that no request waits for it to be loaded. */
  resident: boolean;
  /** Of the last five minutes, and a thousand requests at most; null where there were none. */
  latency: ModelLatency | null;
}
