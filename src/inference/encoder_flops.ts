import { forwardFlops, resnetSpec } from "../nn/resnet_architecture.ts";

/** What an encoder's convolutions take for one image, forward. @throws {RangeError} If `arch` is not known. */
export const encoderFlops = (arch: string, px: number): number => forwardFlops(resnetSpec(arch), px);
