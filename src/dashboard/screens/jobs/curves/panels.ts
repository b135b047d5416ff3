/** One curve of a panel. */
export interface Curve {
  column: string;
  name: string;
}
/** One plot: curves of one unit. The first is the one by which jobs are compared. */
export interface Panel {
  id: string;
  title: string;
  /** What it means, for those who see it the first time. */
  about: string;
  curves: Curve[];
  unit?: "share" | "bytes";
  /** Of its figures, where four would hide what changes. */
  digits?: number;
  /** Few values, drawn as points; asked for exactly. */
  sparse?: boolean;
}
const one = (column: string, title: string, about: string, more: Partial<Panel> = {}): Panel => ({
  ...{ id: column, title, about, curves: [{ column, name: title }] },
  ...more,
});

export const PANELS: readonly Panel[] = [
  {
    ...{
      id: "loss",
      title: "Loss",
      about: "2 − 2 cos of prediction and target, the sum of both directions; or cross-entropy",
    },
    curves: [
      { column: "loss", name: "loss" },
      { column: "loss_view1", name: "view 1" },
      { column: "loss_view2", name: "view 2" },
    ],
  },
  {
    ...{
      id: "accuracy",
      title: "k-NN",
      about: "Accuracy of evaluations along the way",
      unit: "share",
      sparse: true,
    },
    curves: [
      { column: "knn_top1", name: "k-NN top-1" },
      { column: "probe_top1", name: "linear probe top-1" },
      { column: "validation_top1", name: "validation top-1" },
      { column: "test_top1", name: "test top-1" },
    ],
  },
  one("projection_std", "Projection std", "Of unit-length projections; 1/√d is healthy, 0 a collapse"),
  one("rankme", "RankMe", "How many dimensions embeddings use"),
  one("gradient_norm", "Gradient norm", "Before the optimizer's own scaling"),
  one("lr", "Learning rate", "Of the last step"),
  one("tau", "tau", "The share of the target network that stays, each step", { digits: 7 }),
  one("images_per_s", "Images/s", "Trained on, both views of one counted once"),
  one("data_wait", "Data wait", "Share of the time in which the GPU waited for data", { unit: "share" }),
  one("train_top1", "Training top-1", "Of the batches that are trained on", { unit: "share" }),
];

/** Figures beside those, for whoever looks for a reason. */
export const MORE_PANELS: readonly Panel[] = [
  {
    ...{
      id: "cosines",
      title: "Cosines",
      about: "Between different images' projections, and between both networks' of one",
    },
    curves: [{ column: "mean_cosine", name: "different images" }, {
      column: "target_cosine",
      name: "both networks",
    }],
  },
  one("target_distance", "Target distance", "Between both networks' weights"),
  one("dead_features", "Dead features", "Embedding dimensions that do not vary"),
  one("parameter_norm", "Parameter norm", "Of all trained weights"),
  one("probe_loss", "Probe loss", "Of the linear classifier that is trained alongside"),
  one("probe_train_top1", "Probe's training top-1", "Of that classifier, on its batches", { unit: "share" }),
  one("gpu_memory_bytes", "GPU memory", "What training holds of it", { unit: "bytes" }),
  one("loss_scale", "Loss scale", "Of mixed precision"),
  one("skipped_steps", "Skipped steps", "Of mixed precision"),
  one("trial", "Trial", "Of the sweep; the last is the final training"),
];

const columnsOf = (panels: readonly Panel[], sparse: boolean): string[] =>
  panels.filter((panel) => !!panel.sparse === sparse).flatMap(({ curves }) =>
    curves.map(({ column }) => column)
  );

/** All columns that are asked for as curves, and those that are asked for exactly. */
export const DENSE = columnsOf([...PANELS, ...MORE_PANELS], false);
export const SPARSE = columnsOf([...PANELS, ...MORE_PANELS], true);
