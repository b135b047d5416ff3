import { join } from "@std/path";
import { readModel } from "../../../src/checkpoint/checkpoint_reader.ts";
import { encodeSafetensors } from "../../../src/checkpoint/safetensors.ts";
import type { Checkpoint } from "../../../src/domain/checkpoint.ts";
import type { ImportOptions } from "../../../src/domain/checkpoint_import.ts";
import type { NamedTensors } from "../../../src/domain/tensor_data.ts";
import { FileCheckpointImporter } from "../../../src/import/importer.ts";

export interface ImportScene {
  /** Where checkpoints lie. */
  directory: string;
  /** Those that were listed. */
  listed: Checkpoint[];
  importer: FileCheckpointImporter;
  import(bytes: Uint8Array<ArrayBuffer>, options?: ImportOptions): Promise<Checkpoint>;
  read(checkpoint: Checkpoint): ReturnType<typeof readModel>;
  /** The bytes of its `model.safetensors`. */
  model(checkpoint: Checkpoint): Promise<Uint8Array>;
  /** What lies in the directory. */
  there(): string[];
}

export async function withImports(
  check: (scene: ImportScene) => Promise<void>,
  { maxBytes = 2 ** 30, list }: { maxBytes?: number; list?(checkpoint: Checkpoint): void } = {},
): Promise<void> {
  const directory = await Deno.makeTempDir(), listed: Checkpoint[] = [];
  const importer = new FileCheckpointImporter({
    ...{ directory, maxBytes },
    list: list ?? ((checkpoint) => void listed.push(checkpoint)),
  });
  try {
    await check({
      ...{ directory, listed, importer },
      import: (bytes, options = {}) => importer.import(new Blob([bytes]).stream(), options),
      read: ({ id }) => readModel(directory, id),
      model: ({ id }) => Deno.readFile(join(directory, id, "model.safetensors")),
      there: () => [...Deno.readDirSync(directory)].map(({ name }) => name).sort(),
    });
  } finally {
    importer.close();
    await Deno.remove(directory, { recursive: true });
  }
}

/** The same tensors under other names; undefined leaves one out. */
export const renamed = (tensors: NamedTensors, rename: (name: string) => string | undefined): NamedTensors =>
  new Map([...tensors].flatMap(([name, tensor]) => {
    const own = rename(name);
    return own === undefined ? [] : [[own, tensor]];
  }));

export const safetensors = (tensors: NamedTensors, metadata?: Record<string, string>) =>
  encodeSafetensors(tensors, metadata ?? { format: "pt" });

/** A safetensors file by hand: tensors of any dtype, their values as bytes, laid one behind another. */
export function foreignFile(
  tensors: { name: string; dtype: string; shape: readonly number[]; bytes: Uint8Array }[],
  metadata?: Record<string, string>,
): Uint8Array<ArrayBuffer> {
  let at = 0;
  const members = tensors.map(({ name, dtype, shape, bytes }) =>
    `${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [at, at += bytes.length] })}`
  );
  if (metadata) members.unshift(`"__metadata__":${JSON.stringify(metadata)}`);
  return fileOf(`{${members.join(",")}}`, tensors.map(({ bytes }) => bytes));
}

/** A header, as it stands, and what follows it. */
export function fileOf(header: string, bodies: Uint8Array[] = [], length?: bigint): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + bodies.reduce((sum, { length }) => sum + length, 0));
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(text.length), true);
  bytes.set(text, 8);
  let at = 8 + text.length;
  for (const body of bodies) {
    bytes.set(body, at);
    at += body.length;
  }
  return bytes;
}
export const bytesOf = ({ data }: { data: Float32Array | BigInt64Array }): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
