import { crc32 } from "node:zlib";
import { assertRejects } from "@std/assert";
import { packTar } from "modern-tar";
import type { DatasetFormat } from "../../../src/domain/dataset.ts";
import { DomainError } from "../../../src/domain/errors.ts";
import { ARCHIVE_LIMITS, type ArchiveLimits } from "../../../src/data/archive.ts";
import { readSamples } from "../../../src/data/dataset_format.ts";

export type Bytes = Uint8Array<ArrayBuffer>;
type Options = { format?: DatasetFormat; limits?: Partial<ArchiveLimits> };

export const text = (content: string): Bytes => new TextEncoder().encode(content);
/** An "image" that no decoder has to see. */
export const IMAGE = text("pixels");

export async function tarOf(files: Record<string, Uint8Array | string>): Promise<Bytes> {
  const entries = Object.entries(files).map(([name, content]) => {
    const body = typeof content === "string" ? text(content) : content;
    return { header: { name, size: body.length }, body };
  });
  return await packTar(entries);
}
export const gzip = (bytes: Bytes): Promise<Bytes> =>
  new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"))).bytes();

/** One file of a handmade zip; what it says of itself need not be true. */
export interface ZipFile {
  name: Uint8Array;
  body?: Uint8Array;
  method?: number;
  flags?: number;
  declared?: number;
  /** Where the directory says that it is. */
  offset?: number;
  attributes?: number;
}
export function zipOf(files: ZipFile[]): Bytes {
  const parts: Uint8Array[] = [], directory: Uint8Array[] = [];
  let at = 0;
  for (
    const { name, body = IMAGE, method = 0, flags = 0, declared = body.length, offset = at, attributes = 0 }
      of files
  ) {
    const common = (view: DataView, from: number) => {
      view.setUint16(from, 20, true);
      view.setUint16(from + 2, flags, true);
      view.setUint16(from + 4, method, true);
      view.setUint32(from + 10, crc32(body), true);
      view.setUint32(from + 14, body.length, true);
      view.setUint32(from + 18, declared, true);
      view.setUint16(from + 22, name.length, true);
    };
    const local = new DataView(new ArrayBuffer(30)), central = new DataView(new ArrayBuffer(46));
    local.setUint32(0, 0x04034b50, true);
    common(local, 4);
    central.setUint32(0, 0x02014b50, true);
    central.setUint16(4, 3 << 8 | 20, true); // made on Unix
    common(central, 6);
    central.setUint32(38, attributes, true);
    central.setUint32(42, offset, true);
    parts.push(new Uint8Array(local.buffer), name, body);
    directory.push(new Uint8Array(central.buffer), name);
    at += 30 + name.length + body.length;
  }
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, 0x06054b50, true);
  for (const field of [8, 10]) end.setUint16(field, files.length, true);
  end.setUint32(12, directory.reduce((sum, { length }) => sum + length, 0), true);
  end.setUint32(16, at, true);
  return concat([...parts, ...directory, new Uint8Array(end.buffer)]);
}
export function concat(parts: Uint8Array[]): Bytes {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export type Seen = [path: string, split: string, label: string | null] | [path: string, reason: string];

/** What an upload of these bytes is made of. */
export async function samplesOf(bytes: Bytes, options: Options = {}): Promise<Seen[]> {
  return (await fullSamplesOf(bytes, options)).map((sample) =>
    "reason" in sample
      ? [sample.path, sample.reason]
      : [sample.path, sample.meaning.split, sample.meaning.class]
  );
}
export async function fullSamplesOf(bytes: Bytes, { format, limits }: Options = {}) {
  const path = await Deno.makeTempFile({ prefix: "latentd-archive-" });
  try {
    await Deno.writeFile(path, bytes);
    return await Array.fromAsync(readSamples(path, { format, limits: { ...ARCHIVE_LIMITS, ...limits } }));
  } finally {
    await Deno.remove(path);
  }
}
/** How an upload of these bytes is refused. */
export async function refusalOf(
  bytes: Bytes,
  options: Options = {},
): Promise<{ type?: string; message: string }> {
  const error = await assertRejects(() => samplesOf(bytes, options), DomainError) as unknown as DomainError;
  return { type: error.options.type ?? error.code, message: error.message };
}
