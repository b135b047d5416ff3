import type { DatasetReader } from "../data/dataset_reader.ts";

/** A split's images that have a class. */
export const labelledItems = (reader: DatasetReader, split: string): Uint32Array =>
  reader.items(split).filter((n) => reader.classOf(n) >= 0);
