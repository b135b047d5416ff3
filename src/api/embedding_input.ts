import type { Context } from "hono";
import { z } from "zod";
import { DomainError } from "../domain/errors.ts";
import { fieldErrors } from "../domain/field_errors.ts";
import { mediaType, readBody, readJson, unsupported } from "./body.ts";
import { summary } from "./problem.ts";

/** As many as OpenAI takes. */
export const MAX_IMAGES = 2048;
/** Of a body that is an image. What it is in truth, and any other image, the decoder says. */
export const IMAGE_TYPES = ["image/jpeg", "image/png", "image/gif", "image/tiff", "image/webp", "image/bmp"];
/** Of a body that has images in it, in whatever form. */
export const ACCEPTED = ["application/json", ...IMAGE_TYPES, "multipart/form-data"];

const DIMENSIONS = "As many as the model has, or left out";
const NORMALIZE = "Whether embeddings are scaled to unit length";
const PARTIAL =
  "Whether the good images are answered where others are bad, which are listed in `errors` then";
/** What every request with images in it says beside them. */
export const imageOptions = {
  model: z.string().min(1).max(100).describe("An alias, or a checkpoint's id"),
  partial: z.boolean().default(false).describe(PARTIAL),
};
const options = {
  model: imageOptions.model,
  encoding_format: z.enum(["float", "base64"]).default("float").describe("base64: of little-endian f32"),
  dimensions: z.int().positive().optional().describe(DIMENSIONS),
  normalize: z.boolean().default(false).describe(NORMALIZE),
  partial: imageOptions.partial,
};
/** An image in a JSON body. */
export const Item = z.union([z.string(), z.strictObject({ image: z.string() })], {
  error: 'must be an image: a data URI, base64, or {"image": …} of either',
});
/** The images of a JSON body. */
export const ImageInput = z.union([Item, z.array(Item).min(1)], {
  error: 'must be an image or an array of images: data URIs, base64, or {"image": …} of either',
}).describe(`One image, or at most ${MAX_IMAGES}: data URIs, base64, or {"image": …} of either`);
/** The JSON body of `POST /v1/embeddings`. */
export const EmbeddingBody = z.strictObject({
  ...options,
  input: ImageInput,
  user: z.string().optional().describe("Sent by clients of other servers, and of no effect here"),
  modality: z.literal("image").optional(),
});
/** A choice as a query or a form has it. */
export const flag = z.enum(["true", "false"]).default("false").transform((value) => value === "true");
/** The same options where the body is the image: from the query or from form fields. */
export const TextOptions = z.strictObject({
  ...options,
  dimensions: z.coerce.number().int().positive().optional().describe(DIMENSIONS),
  ...{ normalize: flag.describe(NORMALIZE), partial: flag.describe(PARTIAL) },
});

/** Images of a request, and what it says beside them. */
export interface ImageRequest {
  model: string;
  partial: boolean;
  images: GivenImage[];
}
export interface EmbeddingRequest extends ImageRequest {
  encoding_format: "float" | "base64";
  dimensions?: number;
  normalize: boolean;
}
/** An image as it was sent, still to be decoded. */
export interface GivenImage {
  /** Undefined for what is neither base64 nor a data URI of an image. */
  bytes: Uint8Array | undefined;
  /** Whether it may as well be text, which now and then is base64 too. */
  mayBeText?: boolean;
}

/**
 * Reads an embeddings request in any of its forms.
 *
 * @throws {DomainError} For what is wrong with the request as a whole; a bad image comes without bytes.
 */
export function readEmbeddingRequest(c: Context, maxBytes: number): Promise<EmbeddingRequest> {
  return readImageRequest(c, maxBytes, EmbeddingBody, TextOptions);
}

/**
 * Reads images in any of the forms that they may come in, and what is said beside them.
 *
 * @param body Of a JSON body. @param options Of a query or form, where the body is images.
 * @throws {DomainError} As `readEmbeddingRequest`.
 */
export async function readImageRequest<T>(
  c: Context,
  maxBytes: number,
  body: z.ZodType<T & { input: z.infer<typeof ImageInput> }>,
  options: z.ZodType<T>,
): Promise<T & { images: GivenImage[] }> {
  const type = mediaType(c);
  if (type === "application/json") {
    const { input, ...rest } = check(body, await readJson(c, maxBytes));
    const items = Array.isArray(input) ? input : [input];
    limitCount(items.length);
    refuseUrls(items);
    return { ...rest as T, images: items.map(givenImage) };
  }
  if (IMAGE_TYPES.includes(type)) {
    const rest = check(options, c.req.query());
    return { ...rest, images: [{ bytes: await readBody(c, maxBytes) }] };
  }
  if (type !== "multipart/form-data") throw unsupported(type, ACCEPTED);
  const { fields, images } = await readForm(c, maxBytes), rest = check(options, fields);
  limitCount(images.length);
  return { ...rest, images };
}

/**
 * Reads a form of images: its files, and its fields over those of the query.
 *
 * @throws {DomainError} `malformed` if it cannot be read, or has no image; as `readBody`.
 */
export async function readForm(
  c: Context,
  maxBytes: number,
): Promise<{ fields: Record<string, string>; images: GivenImage[] }> {
  const bytes = await readBody(c, maxBytes);
  let form: FormData;
  try {
    form = await new Response(bytes, { headers: { "Content-Type": c.req.header("Content-Type")! } })
      .formData();
  } catch (error) {
    throw new DomainError(
      "malformed",
      `Cannot read the body as multipart/form-data: ${(error as Error).message}`,
    );
  }
  const fields: Record<string, string> = { ...c.req.query() }, files: File[] = [];
  for (const [name, value] of form) {
    if (value instanceof File) files.push(value);
    else fields[name] = value;
  }
  if (files.length === 0) throw new DomainError("malformed", "Cannot embed: the form has no image in it");
  return {
    fields,
    images: await Promise.all(
      files.map(async (file) => ({ bytes: new Uint8Array(await file.arrayBuffer()) })),
    ),
  };
}

/** A wrong option of OpenAI's is a 400 there, and clients tell 400 and 422 apart. */
function check<T>(schema: z.ZodType<T>, value: unknown): T {
  const { data, error } = schema.safeParse(value);
  if (!error) return data!;
  const errors = fieldErrors(error);
  throw new DomainError("malformed", `Cannot read the request: ${summary(errors)}`, { errors });
}

function limitCount(images: number): void {
  if (images > MAX_IMAGES) {
    throw new DomainError("too_large", `Cannot embed ${images} images: at most ${MAX_IMAGES} a request`, {
      errors: [{ detail: `at most ${MAX_IMAGES} images`, pointer: "#/input" }],
    });
  }
}

/** @throws {DomainError} `invalid`, type `url_not_allowed`, naming all of a body's items that are URLs. */
export function refuseUrls(items: readonly (z.infer<typeof Item> | { item: number })[]): void {
  const remote = items.flatMap((one, i) => {
    const source = typeof one === "string" ? one : "image" in one ? one.image : "";
    return /^https?:/i.test(source) ? [i] : [];
  });
  if (remote.length === 0) return;
  throw new DomainError(
    "invalid",
    "Cannot fetch images by URL: no allow-list of hosts is configured; send a data URI or base64",
    {
      type: "url_not_allowed",
      errors: remote.map((i) => ({ detail: "URLs are refused", pointer: `#/input/${i}` })),
    },
  );
}

/** An item's image. */
export const givenImage = (item: z.infer<typeof Item>): GivenImage =>
  fromBase64(typeof item === "string" ? item : item.image);

/** A data URI, or bare base64. */
function fromBase64(source: string): GivenImage {
  const comma = source.indexOf(","), mayBeText = !source.startsWith("data:");
  if (!mayBeText && !/^data:image\/[a-z0-9.+-]+;base64$/i.test(source.slice(0, comma))) {
    return { bytes: undefined };
  }
  try {
    return { bytes: Uint8Array.fromBase64(mayBeText ? source : source.slice(comma + 1)), mayBeText };
  } catch {
    return { bytes: undefined };
  }
}
