import type { Context } from "hono";
import { z } from "zod";
import { DomainError } from "../domain/errors.ts";
import { fieldErrors } from "../domain/field_errors.ts";
import { MAX_NEIGHBOR_INPUTS, MAX_NEIGHBORS, MAX_NEIGHBORS_IN_ALL } from "../domain/neighbors.ts";
import { mediaType, readBody, readJson, unsupported } from "./body.ts";
import {
  ACCEPTED,
  type GivenImage,
  givenImage,
  IMAGE_TYPES,
  Item,
  readForm,
  refuseUrls,
} from "./embedding_input.ts";
import { summary } from "./problem.ts";

const K = `Neighbours of each input; of all together at most ${MAX_NEIGHBORS_IN_ALL}`;
const options = {
  model: z.string().min(1).max(100).describe("An alias, or a checkpoint's id"),
  dataset: z.string().min(1).max(100).describe("Whose images are searched"),
  k: z.int().min(1).max(MAX_NEIGHBORS).default(10).describe(K),
  split: z.string().min(1).max(100).optional().describe("The split that is searched; all, if not given"),
};
const Input = z.union([Item, z.strictObject({ item: z.int().min(0) })], {
  error:
    'must be an image (a data URI, base64, or {"image": …} of either) or {"item": n}, n of 0 or more, of the dataset',
});
/** The JSON body of `POST /v1/neighbors`. */
export const NeighborBody = z.strictObject({
  ...options,
  input: z.union([Input, z.array(Input).min(1)], {
    error: 'must be an image or {"item": n} of the dataset, n of 0 or more, or an array of such',
  }).describe(
    `One, or at most ${MAX_NEIGHBOR_INPUTS}: images as embeddings take them, or {"item": n} of the dataset itself`,
  ),
});
/** The same options where the body is the image: from the query or from form fields. */
export const NeighborOptions = z.strictObject({
  ...options,
  k: z.coerce.number().int().min(1).max(MAX_NEIGHBORS).default(10).describe(K),
});

export interface NeighborRequest {
  model: string;
  dataset: string;
  k: number;
  split?: string;
  inputs: (GivenImage | { item: number })[];
}

/**
 * Reads a request for neighbours in any of its forms.
 *
 * @throws {DomainError} For what is wrong with the request as a whole; a bad image comes without bytes.
 */
export async function readNeighborRequest(c: Context, maxBytes: number): Promise<NeighborRequest> {
  const type = mediaType(c);
  if (type === "application/json") {
    const { input, ...rest } = check(NeighborBody, await readJson(c, maxBytes));
    const all = Array.isArray(input) ? input : [input];
    limit(all.length, rest.k);
    refuseUrls(all);
    return {
      ...rest,
      inputs: all.map((one) => typeof one === "object" && "item" in one ? one : givenImage(one)),
    };
  }
  if (IMAGE_TYPES.includes(type)) {
    const rest = check(NeighborOptions, c.req.query());
    return { ...rest, inputs: [{ bytes: await readBody(c, maxBytes) }] };
  }
  if (type !== "multipart/form-data") throw unsupported(type, ACCEPTED);
  const { fields, images } = await readForm(c, maxBytes), rest = check(NeighborOptions, fields);
  limit(images.length, rest.k);
  return { ...rest, inputs: images };
}

function check<T>(schema: z.ZodType<T>, value: unknown): T {
  const { data, error } = schema.safeParse(value);
  if (!error) return data!;
  const errors = fieldErrors(error);
  throw new DomainError("invalid", `Cannot search: ${summary(errors)}`, { errors });
}

function limit(inputs: number, k: number): void {
  if (inputs > MAX_NEIGHBOR_INPUTS) {
    const detail = `at most ${MAX_NEIGHBOR_INPUTS} inputs a request, got ${inputs}`;
    throw new DomainError("too_large", `Cannot search: ${detail}`, {
      errors: [{ detail, pointer: "#/input" }],
    });
  }
  if (inputs * k > MAX_NEIGHBORS_IN_ALL) {
    const most = Math.floor(MAX_NEIGHBORS_IN_ALL / inputs);
    const detail = `at most ${most} of each of ${inputs} inputs, got ${k}`;
    throw new DomainError("invalid", `Cannot search: k: ${detail}`, { errors: [{ detail, pointer: "#/k" }] });
  }
}
