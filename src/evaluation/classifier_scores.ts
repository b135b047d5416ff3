/** How often a classifier is right; each 0 … 1. */
export interface ClassifierScores {
  top1: number;
  /** The class is among the five largest logits; with five classes or fewer it always is. */
  top5: number;
  /** The mean over classes, of those that have images, of each one's top-1. */
  mean_per_class: number;
  /** Top-1 of each class; null where there is no image of it. */
  per_class: (number | null)[];
  images: number;
}

/** Counts a classifier's right answers, image by image. Of equal logits the lower class's counts as the larger. */
export class ScoreTally {
  readonly #images: Uint32Array;
  readonly #right: Uint32Array;
  #top5 = 0;

  constructor(classes: number) {
    this.#images = new Uint32Array(classes);
    this.#right = new Uint32Array(classes);
  }

  /** @param logits One a class; where one is no number, the answer is wrong. @param label The image's class. */
  add(logits: Float32Array, label: number): void {
    const own = logits[label];
    let larger = 0;
    for (let c = 0; c < logits.length; c++) {
      if (Number.isNaN(logits[c])) larger = Infinity;
      else if (logits[c] > own || (logits[c] === own && c < label)) larger++;
    }
    this.#images[label]++;
    if (larger === 0) this.#right[label]++;
    if (larger < 5) this.#top5++;
  }

  /** @throws {RangeError} If there was no image. */
  scores(): ClassifierScores {
    const sum = (counts: Uint32Array) => counts.reduce((a, b) => a + b, 0), images = sum(this.#images);
    if (images === 0) throw new RangeError("Cannot score a classifier: at least one image needed, got 0");
    const per_class = Array.from(this.#images, (n, c) => n === 0 ? null : this.#right[c] / n);
    const found = per_class.filter((share) => share !== null);
    return {
      top1: sum(this.#right) / images,
      top5: this.#top5 / images,
      mean_per_class: found.reduce((a, b) => a + b, 0) / found.length,
      per_class,
      images,
    };
  }
}
