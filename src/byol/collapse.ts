/** How a run may fail without its loss telling. Each is a bound that holds or not in a row of metrics. */
interface Sign {
  /** What it is, with the value that the row has. */
  describe(value: number): string;
  metric: string;
  fails(value: number, dimensions: number): boolean;
  /** Steps in a row after which it is no passing weakness, given those of the target's memory. */
  patience(horizon: number): number;
}

/** Steps that a fleeting weakness may last. */
const PATIENCE = 50;

const SIGNS: readonly Sign[] = [
  {
    // Of unit vectors: std² · D = 1 − (mean cosine). Healthy runs stay above 0.7, from their first step on; without the
    // predictor 0.3 is passed within two epochs and 0.15 reached (byol.md §E9; measured on cifar10-mini).
    metric: "projection_std",
    describe: (value) =>
      `the projections of different images are nearly one: their std is ${value.toPrecision(3)} a dimension`,
    fails: (value, dimensions) => value * Math.sqrt(dimensions) < 0.3,
    patience: () => PATIENCE,
  },
  {
    metric: "dead_features",
    describe: (value) => `${(100 * value).toFixed(0)} % of the encoder's features are 0 for every image`,
    fails: (value) => value > 0.9,
    patience: () => PATIENCE,
  },
  {
    // The target is an average of the online network's past, so it agrees with it about an image (0.7 at the lowest, 0.9
    // later), unless it does not follow: it then agrees less and less.
    metric: "target_cosine",
    describe: (value) =>
      `the target does not follow: its projections of the images agree with the online network's by ${
        value.toPrecision(3)
      } (cosine) only`,
    fails: (value) => value < 0.65,
    patience: (horizon) => Math.max(PATIENCE, 3 * horizon),
  },
];

/** The longest memory of a target that is waited for, in steps: of tau 0.999. */
const MAX_HORIZON = 1000;

/** Looks at the rows of a run's metrics for signs that it learns nothing. */
export class CollapseWatch {
  /** Where each sign that holds now was seen first. */
  readonly #since = new Map<Sign, number>();
  readonly #told = new Set<Sign>();
  readonly #horizon: number;
  #collapsed: string | undefined;

  /** @param run The projections' length, and the target's decay at the start. */
  constructor(readonly run: { dimensions: number; tau: number }) {
    this.#horizon = Math.min(MAX_HORIZON, 1 / Math.max(1e-9, 1 - run.tau));
  }

  /** What has failed and not recovered since. */
  get collapsed(): string | undefined {
    return this.#collapsed;
  }
  /** Whether some sign holds, for however short a time. */
  get suspicious(): boolean {
    return this.#since.size > 0;
  }

  /**
   * Takes in a row.
   *
   * @param step Steps done. @param metrics Figures that a row lacks tell nothing.
   * @returns What has failed, once for each time that it does.
   */
  observe(step: number, metrics: Record<string, number>): string | undefined {
    let news: string | undefined;
    this.#collapsed = undefined;
    for (const sign of SIGNS) {
      const value = metrics[sign.metric];
      if (value === undefined || !sign.fails(value, this.run.dimensions)) {
        this.#since.delete(sign);
        this.#told.delete(sign);
        continue;
      }
      const since = this.#since.get(sign) ?? step;
      this.#since.set(sign, since);
      const steps = step - since;
      if (steps < sign.patience(this.#horizon)) continue;
      const text = `${sign.describe(value)}, for ${steps} steps by now`;
      this.#collapsed ??= text;
      if (!this.#told.has(sign)) news ??= text;
      this.#told.add(sign);
    }
    return news;
  }
}
