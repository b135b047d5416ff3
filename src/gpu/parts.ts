import { elementCount, type Tensor } from "./tensor.ts";

// What a batch of images makes can exceed what one binding takes, whatever memory there is. It then lies in parts along its
// first axis, each a tensor of its own, and an op records its dispatches for each of them. All activations of a network are
// cut at the same images, so parts meet parts; where its input or its embeddings are whole, parts of those are windows.

/** A tensor's parts, first to last; of one that is whole, itself. */
export const partsOf = (tensor: Tensor): readonly Tensor[] => tensor.parts ?? [tensor];

/**
 * Goes through the parts of tensors that are cut at the same images.
 *
 * @throws {RangeError} If they are not; names both.
 */
export function eachPart<const T extends readonly Tensor[]>(
  tensors: T,
  record: (parts: { [K in keyof T]: Tensor }, part: number) => void,
): void {
  const images = (tensor: Tensor) => partsOf(tensor).map(({ shape }) => shape[0]).join();
  const [like] = tensors, other = tensors.find((tensor) => images(tensor) !== images(like));
  if (other) {
    throw new RangeError(
      `Cannot use ${other.label} beside ${like.label}: they lie in parts of ${images(other)} and of ${
        images(like)
      } images`,
    );
  }
  for (const part of partsOf(like).keys()) {
    record(tensors.map((tensor) => partsOf(tensor)[part]) as { [K in keyof T]: Tensor }, part);
  }
}

/**
 * Where each part of a group of images begins, as kernels work it out too (batch_norm_statistics.wgsl). Parts differ by an
 * image at most, and where there are twice as many of them, each begins where one began before, or within it.
 */
const beginning = (part: number, images: number, parts: number): number => Math.floor(part * images / parts);

/**
 * Cuts a tensor at images, so that as many of them as a part has make nothing that a binding does not take: windows on it,
 * twice as many in a group as do not suffice. It is left whole where it may be, and where not even single images fit: what
 * is too large is then refused by its name.
 *
 * @param groups Equal parts of its first axis whose borders no part crosses: the views, which BatchNorm keeps apart.
 * @param bytesEach What an image makes at most, in one tensor. @param limit Bytes that a binding takes.
 * @throws {RangeError} If it lies in parts already, and one of them would be cut across.
 */
export function cut(tensor: Tensor, groups: number, bytesEach: number, limit = Infinity): Tensor {
  const images = tensor.shape[0] / groups, own = partsOf(tensor).length;
  if (groups * images * bytesEach <= limit && own === 1) return tensor;
  let parts = 1;
  while (parts < images && Math.ceil(images / parts) * bytesEach > limit) {
    parts = Math.min(2 * parts, images);
  }
  parts = Math.max(parts, Math.ceil(own / groups));
  if (Math.ceil(images / parts) * bytesEach > limit || !Number.isInteger(images)) return tensor;
  const sizes = Array.from(
    { length: groups * parts },
    (_, i) => beginning(i % parts + 1, images, parts) - beginning(i % parts, images, parts),
  );
  return windows(tensor, sizes);
}

/** A whole tensor, of one row an image, cut as another one is. @throws {RangeError} As `cut`. */
export const cutAs = (tensor: Tensor, like: Tensor): Tensor =>
  like.parts ? windows(tensor, like.parts.map(({ shape }) => shape[0])) : tensor;

/** The rows of part `part` of `parts` in a group of `images`, `rows` each, as `cut` cuts it. */
export const rowsOfPart = (part: number, images: number, parts: number, rows: number): number =>
  rows * (beginning(part + 1, images, parts) - beginning(part, images, parts));

function windows(tensor: Tensor, sizes: readonly number[]): Tensor {
  const { label, dtype, shape: [, ...rest] } = tensor, each = elementCount(rest), from = partsOf(tensor);
  if (from.length === sizes.length && from.every(({ shape }, i) => shape[0] === sizes[i])) return tensor;
  let at = 0, first = 0; // the part that is cut, and the image of it that comes next
  const parts = sizes.map((size): Tensor => {
    const base = from[at], start = first * each;
    first += size;
    if (first > base.shape[0]) {
      throw new RangeError(
        `Cannot cut ${label}: its parts would be cut across, of ${from.map((p) => p.shape[0])} images`,
      );
    }
    if (first === base.shape[0]) [at, first] = [at + 1, 0];
    if (start === 0 && size === base.shape[0]) return base;
    const { bound, start: before } = placeOf(base);
    return { label, dtype, shape: [size, ...rest], base: bound, start: before + start };
  });
  return { label, dtype, shape: tensor.shape, parts };
}

/** What to bind for a tensor that may be a window, and where it begins there, in elements: kernels are told. */
export const placeOf = (tensor: Tensor): { bound: Tensor; start: number } =>
  tensor.start === undefined ? { bound: tensor, start: 0 } : { bound: tensor.base!, start: tensor.start };
