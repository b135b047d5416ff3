/** What the peers are measured on. */

/** A square convolution with "same" padding and stride 1: N images of H × H pixels, C to K channels, R × R taps. */
export interface ConvCase {
  name: string;
  N: number;
  H: number;
  C: number;
  K: number;
  R: number;
}
export const CONV_CASES: readonly ConvCase[] = [
  { name: "3×3, 32 px, 16→16", N: 32, H: 32, C: 16, K: 16, R: 3 },
  { name: "3×3, 16 px, 32→32", N: 32, H: 16, C: 32, K: 32, R: 3 },
  { name: "3×3, 32 px, 64→64", N: 16, H: 32, C: 64, K: 64, R: 3 },
  { name: "3×3, 56 px, 64→64", N: 4, H: 56, C: 64, K: 64, R: 3 },
  { name: "1×1, 56 px, 64→256", N: 4, H: 56, C: 64, K: 256, R: 1 },
];
export const DIRECTIONS = ["forward", "input gradient", "weight gradient"] as const;
export type Direction = typeof DIRECTIONS[number];

/** Floating-point operations of one direction: a product and a sum for each tap, channel pair and pixel. */
export const convFlops = ({ N, H, C, K, R }: ConvCase): number => 2 * N * H * H * C * K * R * R;

/** One BYOL step: both views, both networks, gradients, LARS and the target's average; ready views, no augmentation. */
export interface StepCase {
  arch: string;
  px: number;
  batch: number;
  hidden: number;
  out: number;
  precision?: string;
}
/** A frozen encoder's forward over a batch of ready images. */
export type EmbedCase = Pick<StepCase, "arch" | "px" | "batch">;
/** The step that the peers take too: tfjs's is written for this encoder. */
export const STEP_CASE: StepCase = { arch: "cifar_resnet8", px: 32, batch: 64, hidden: 256, out: 64 };
