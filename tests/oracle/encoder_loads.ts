// Loads and unloads a model, or fails to, over and over, as the embedding worker may; run with `--expose-gc`, as it is.
import { countHeldMemory } from "../../src/gpu/held_memory.ts";
import { Encoder } from "../../src/inference/encoder.ts";
import { channelsLast, goldenTensors } from "./golden.ts";
import { pipelines } from "./oracle.ts";

const FAILS_EVERY = 10, loads = Number(Deno.args[0]);
const model = goldenTensors("embed_model"), { shape, data } = goldenTensors("embed").get("images")!;
const images = Float32Array.from(channelsLast(shape, Float64Array.from(data as Float32Array)).data);
const px = shape[2], one = images.slice(0, 3 * px * px), held = countHeldMemory(pipelines.device);
const broken = new Map([...model].slice(1)),
  before = held(),
  left = new Set<number>(),
  rows = new Set<string>();
let most = 0, failures = 0, warm = 0;
for (let n = 0; n < loads; n++) {
  if (n % FAILS_EVERY === 0) {
    try {
      new Encoder(pipelines, "cifar_resnet8", px, broken);
    } catch {
      failures++;
    }
    left.add(held() - before);
  }
  const encoder = new Encoder(pipelines, "cifar_resnet8", px, model);
  rows.add((await encoder.embed(one)).join());
  most = Math.max(most, held() - before);
  encoder.destroy();
  left.add(held() - before);
  if (n === Math.floor(loads / 5)) warm = Deno.memoryUsage().rss;
}
console.log(
  JSON.stringify({ most, failures, left: [...left], rows: rows.size, grown: Deno.memoryUsage().rss - warm }),
);
Deno.exit(0);
