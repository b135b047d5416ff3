// Loads and unloads a model, or fails to, over and over, as the embedding worker may; run with `--expose-gc`, as it is.
import { countHeldMemory } from "../../src/gpu/held_memory.ts";
import { Encoder } from "../../src/inference/encoder.ts";
import { ResidentModels } from "../../src/inference/resident_models.ts";
import { channelsLast, goldenTensors } from "./golden.ts";
import { pipelines } from "./oracle.ts";

const FAILS_EVERY = 10, EVICTIONS = 60, loads = Number(Deno.args[0]);
const model = goldenTensors("embed_model"), { shape, data } = goldenTensors("embed").get("images")!;
const images = Float32Array.from(channelsLast(shape, Float64Array.from(data as Float32Array)).data);
const px = shape[2], one = images.slice(0, 3 * px * px);
const first = new Encoder(pipelines, "cifar_resnet8", px, model);
await first.embed(one); // what a device keeps to read through is there from now on
first.destroy();
const held = countHeldMemory(pipelines.device);
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
const grown = Deno.memoryUsage().rss - warm;

// The same by models that have to make room for each other: three in turn, where two have room.
let evictions = 0;
const size = new Encoder(pipelines, "cifar_resnet8", px, model),
  oneBytes = size.networkBytes + size.planBytes(1);
size.destroy();
const models = new ResidentModels(2 * oneBytes, (_id, makeRoom) => {
  const encoder = new Encoder(pipelines, "cifar_resnet8", px, model, makeRoom), { destroy } = encoder;
  encoder.destroy = () => (evictions++, destroy.call(encoder));
  return Promise.resolve(encoder);
});
const apart = new Set<number>();
let over = 0;
for (let n = 0; n < EVICTIONS; n++) {
  rows.add((await models.use(String(n % 3), (encoder) => encoder.embed(one))).join());
  over = Math.max(over, models.heldBytes - models.maxBytes);
  if (n >= 2) apart.add(held() - before - models.heldBytes); // what is held is what is told, but for a few constants
}
const resident = { evictions: evictions - EVICTIONS, over, apart: [...apart] };
console.log(JSON.stringify({ most, failures, left: [...left], rows: rows.size, grown, resident }));
Deno.exit(0);
