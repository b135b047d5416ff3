import { RandomStream, STREAM } from "../domain/philox.ts";
import { elementCount } from "../gpu/tensor.ts";
import type { Network } from "./network.ts";

/**
 * Fills a network with BYOL's initial values (the official code's, dm-haiku's defaults): weights normal with standard
 * deviation 1/√fan_in, truncated at two deviations and not rescaled; biases and β 0; γ 1; statistics 0 and 1.
 */
export function initNetwork(network: Network, seed: number): void {
  const { parameters, statistics } = network.layout;
  for (const [index, { name, kind, shape }] of parameters.slots.entries()) {
    const values = new Float32Array(elementCount(shape));
    if (kind === "weight") {
      const random = new RandomStream(seed, STREAM.init, index),
        std = 1 / Math.sqrt(values.length / shape[0]);
      for (let i = 0; i < values.length; i++) values[i] = std * truncatedNormal(random);
    } else if (kind === "norm" && name.endsWith(".weight")) {
      values.fill(1);
    }
    network.values.write(name, values);
  }
  for (const { name, shape } of statistics.slots) {
    network.statistics.write(
      name,
      new Float32Array(elementCount(shape)).fill(name.endsWith("running_var") ? 1 : 0),
    );
  }
}

function truncatedNormal(random: RandomStream): number {
  for (;;) {
    const z = random.normal();
    if (Math.abs(z) <= 2) return z;
  }
}
