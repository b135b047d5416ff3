import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import type { Bytes } from "./archive_scene.ts";

type Write = Parameters<typeof parquetWriteBuffer>[0];
type Source = Write["columnData"][number];
export type Image = { bytes?: Uint8Array; path?: string | null } | null;

const compressors = {
  GZIP: (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes)),
  ZSTD: (bytes: Uint8Array) => new Uint8Array(zstdCompressSync(bytes)),
  BROTLI: (bytes: Uint8Array) => new Uint8Array(brotliCompressSync(bytes)),
};

/** A file in Hugging Face's image schema, with pages of the second version. */
export function parquetOf(
  images: Image[],
  { labels, names, ...more }: { labels?: (bigint | null)[]; names?: string[] } & Partial<Write> = {},
): Bytes {
  const columnData: Source[] = [{ name: "image", data: images }];
  if (labels) columnData.push({ name: "label", data: labels });
  const features = {
    image: { _type: "Image" },
    ...(names ? { label: { _type: "ClassLabel", names } } : {}),
  };
  return new Uint8Array(parquetWriteBuffer({
    schema: [
      { name: "root", num_children: columnData.length },
      { name: "image", num_children: 2, repetition_type: "OPTIONAL" },
      { name: "bytes", type: "BYTE_ARRAY", repetition_type: "OPTIONAL" },
      { name: "path", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
      ...(labels ? [{ name: "label", type: "INT64" as const, repetition_type: "OPTIONAL" as const }] : []),
    ],
    columnData,
    kvMetadata: [{ key: "huggingface", value: JSON.stringify({ info: { features } }) }],
    compressors,
    ...more,
  }));
}
