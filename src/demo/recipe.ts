/** What the demo trains: small enough for two CPU cores in a few minutes, long enough to show. */
export const RECIPE = {
  arch: "cifar_resnet8",
  // Half the photographs' side: a quarter of the arithmetic, and k-NN accuracy rises as it does at 32.
  px: 16,
  batch: 32,
  epochs: 3,
  projector: { hidden: 256, out: 64 },
  predictor: { hidden: 256 },
  tau: 0.97,
  optimizer: { name: "lars", base_lr: 8, weight_decay: 1e-6, warmup_epochs: 0.2 },
  augmentation: "cifar",
  // The demo asks for it as a job of its own, to show how.
  evaluate: null,
  seed: 0,
} as const;

export const KNN = { k: 200, temperature: 0.1 } as const;
/** Photographs of each class that are uploaded. */
export const TRAIN_PER_CLASS = 500, TEST_PER_CLASS = 100;
/** Test photographs of each class that are embedded for the contact sheet; the first of each is a query. */
export const GALLERY_PER_CLASS = 50;
export const NEIGHBOURS = 5;
