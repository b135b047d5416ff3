import { shortSideFor } from "../data/preprocess.ts";

/**
 * The share `s` of an image's shorter side that is kept, such that both `floor(px / s)`, which timm and transformers
 * resize to, and the nearest whole number are what latentd resizes to: 224/256 where that does, else about as much.
 */
export function cropShare(px: number): number {
  const short = shortSideFor(px), usual = short === px ? 1 : 224 / 256;
  return Math.floor(px / usual) === short ? usual : px / (short + 0.25);
}
