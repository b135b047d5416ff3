import { RandomStream } from "../../src/domain/philox.ts";
import { krscToOihw, NetworkLayout } from "../../src/nn/network.ts";
import { addResNet } from "../../src/nn/resnet.ts";
import { resnetSpec } from "../../src/nn/resnet_architecture.ts";

/** An encoder's values by torchvision's names, drawn at random: what they are changes no time. */
export function randomModel(arch: string) {
  const layout = new NetworkLayout(), random = new RandomStream(1, 92);
  addResNet(layout, "encoder", resnetSpec(arch));
  return new Map([...layout.parameters.slots, ...layout.statistics.slots].map(({ name, shape }) => {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
    for (let i = 0; i < data.length; i++) data[i] = random.uniform(0.01, 0.05);
    return [name.slice("encoder.".length), krscToOihw(data, shape)];
  }));
}
