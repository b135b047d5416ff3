import type { NamedTensors } from "../domain/tensor_data.ts";

/**
 * A classifier's linear head, and the softmax behind it. On the CPU, in float64: what an image gives does not depend on its
 * batch, no plan and no memory of the GPU are taken, and of `resnet50` with 1000 classes it is 2 of 4100 million products.
 */
export class Head {
  readonly classes: number;
  readonly #dim: number;

  /** @param weight `[classes, dim]`, row-major. @param bias `[classes]`. */
  constructor(readonly weight: Float32Array, readonly bias: Float32Array) {
    this.classes = bias.length;
    this.#dim = weight.length / bias.length;
    if (!Number.isInteger(this.#dim)) {
      throw new RangeError(
        `Cannot load a head: its weight must have rows for ${bias.length} classes, got ${weight.length} values`,
      );
    }
  }

  /** The head among a model's tensors, `fc.*`; undefined if it has none. @throws {RangeError} If it is not f32. */
  static of(tensors: NamedTensors): Head | undefined {
    const [weight, bias] = ["fc.weight", "fc.bias"].map((name) => tensors.get(name)?.data);
    if (!weight && !bias) return undefined;
    if (!(weight instanceof Float32Array && bias instanceof Float32Array)) {
      throw new RangeError("Cannot load a head: fc.weight and fc.bias must be f32");
    }
    return new Head(weight, bias);
  }

  /**
   * The classes' scores: softmax of weight · embedding + bias.
   *
   * @param embeddings `[n, dim]`, row-major.
   * @returns `[n, classes]`, row-major; each row's sum is 1, but for rounding.
   * @throws {RangeError} If the length is not a multiple of dim.
   */
  scores(embeddings: Float32Array): Float32Array<ArrayBuffer> {
    const { classes, weight, bias } = this, dim = this.#dim, n = embeddings.length / dim;
    if (!Number.isInteger(n)) {
      throw new RangeError(`Cannot classify: ${dim} values an image needed, got ${embeddings.length} in all`);
    }
    const scores = new Float32Array(n * classes), logits = new Float64Array(classes);
    for (let i = 0; i < n; i++) {
      let most = -Infinity, sum = 0;
      for (let k = 0; k < classes; k++) {
        // Four sums apart: one would have each product wait for the one before.
        let [a, b, c, d] = [bias[k], 0, 0, 0], x = i * dim, w = k * dim;
        for (const end = w + dim - 3; w < end; w += 4, x += 4) {
          a += weight[w] * embeddings[x];
          b += weight[w + 1] * embeddings[x + 1];
          c += weight[w + 2] * embeddings[x + 2];
          d += weight[w + 3] * embeddings[x + 3];
        }
        for (const end = (k + 1) * dim; w < end; w++, x++) a += weight[w] * embeddings[x];
        logits[k] = a + b + (c + d);
        most = Math.max(most, logits[k]);
      }
      for (let k = 0; k < classes; k++) sum += logits[k] = Math.exp(logits[k] - most);
      for (let k = 0; k < classes; k++) scores[i * classes + k] = logits[k] / sum;
    }
    return scores;
  }
}
