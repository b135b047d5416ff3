import type { Checkpoint } from "./checkpoint.ts";

/** How programs elsewhere expect a model's files; `torchvision` is as they are kept. */
export const LAYOUTS = ["torchvision", "timm", "transformers", "onnx"] as const;
export type Layout = typeof LAYOUTS[number];

/** The name under which a layout's files are one tar. */
export const ARCHIVE = "archive.tar";

/** A file that is made of a checkpoint's kept files while it is read. */
export interface ExportedFile {
  bytes: number;
  /** SHA-256, in hex. */
  sha256: string;
  /** Its bytes from `start` to `end`, both inclusive; as fast as they are taken. */
  open(range: { start: number; end: number }): Promise<ReadableStream<Uint8Array>>;
}
/** Checkpoints' models in the layouts of other programs: made of the kept files as they are read, and kept nowhere. */
export interface CheckpointExporter {
  /**
   * One file of a layout, or as `ARCHIVE` a tar of all of them. Its bytes depend on the checkpoint alone.
   *
   * @throws {DomainError} `invalid`, type `layout_unavailable`, for an architecture that the program does not have;
   *   `not_found`, naming its files, if the layout has none of that name; `conflict`, type `checkpoint_damaged`.
   */
  file(checkpoint: Pick<Checkpoint, "id" | "files">, layout: Layout, name: string): Promise<ExportedFile>;
}
