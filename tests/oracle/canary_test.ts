import { assert, assertEquals } from "@std/assert";
import {
  Canary,
  CANARY_EMBEDDING,
  CANARY_NET,
  CANARY_PX,
  canaryImage,
  canaryValues,
} from "../../src/inference/canary.ts";
import { normError, pipelines } from "./oracle.ts";
import { referenceResNet } from "./reference/resnet.ts";

Deno.test("the canary's embedding is float64's, and this adapter's", async () => {
  const values = new Map([...canaryValues()].map(([name, { data }]) => [name, Float64Array.from(data)]));
  const image = { shape: [1, CANARY_PX, CANARY_PX, 3], data: Float64Array.from(canaryImage()) };
  const { y } = referenceResNet(CANARY_NET, values, image);
  assertEquals(CANARY_EMBEDDING.length, CANARY_NET.dim);
  const error = normError(y, Float64Array.from(CANARY_EMBEDDING));
  assert(
    error < 1e-6,
    `differs by ${error} of its norm: it is ${[...y].map((value) => value.toPrecision(8))}`,
  );
  await new Canary(pipelines).check();
});
