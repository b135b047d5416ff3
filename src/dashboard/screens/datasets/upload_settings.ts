import type { Schemas } from "../../../client/client.ts";

/** What a dataset is to be called, and how it is to be made of its upload. */
export type UploadSettings = Omit<Schemas["DatasetImport"], "source">;
export type Format = NonNullable<UploadSettings["format"]>;

/** Settings as tus's metadata, which are texts; they are kept beside the upload until it is a dataset. */
export const toMetadata = (settings: UploadSettings): Record<string, string> =>
  Object.fromEntries(
    Object.entries(settings).filter(([, value]) => value !== undefined).map((
      [name, value],
    ) => [name, String(value)]),
  );

/** The settings that `toMetadata` wrote. */
export function fromMetadata(metadata: Record<string, string>): UploadSettings {
  const { name, short_side, max_rejected, originals, format } = metadata;
  return {
    name: name ?? "dataset",
    ...(short_side && { short_side: Number(short_side) }),
    ...(max_rejected && { max_rejected: Number(max_rejected) }),
    ...(originals && { originals: originals === "true" }),
    ...(format && { format: format as Format }),
  };
}
