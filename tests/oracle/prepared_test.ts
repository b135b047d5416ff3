import { assertEquals, assertNotStrictEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { Prepared } from "../../src/gpu/prepared.ts";
import { readback } from "../../src/gpu/readback.ts";
import { Recorder } from "../../src/gpu/recorder.ts";
import { uploadTensor } from "../../src/gpu/upload.ts";
import { recordAdd } from "../../src/nn/add.ts";
import { pipelines } from "./oracle.ts";

Deno.test("what is prepared is made once, for all recordings that are given it, and not again by their replays", async () => {
  const { device, capabilities } = pipelines, prepared = new Prepared(capabilities);
  const values = uploadTensor(device, "values", [4], "f32", Float32Array.of(1, 2, 3, 4));
  const record = (recorder: Recorder) => {
    const twice = recorder.ofParameters("twice", (recorder) => recordAdd(recorder, "twice", values, values));
    return { twice, sum: recorder.keep(recordAdd(recorder, "sum", twice, values)) };
  };
  const recorders = [0, 1].map(() => new Recorder(capabilities, prepared)),
    plain = new Recorder(capabilities);
  const [a, b] = recorders.map(record), c = record(plain);
  assertStrictEquals(a.twice, b.twice);
  assertNotStrictEquals(a.twice, c.twice);
  assertEquals([prepared.isMade, prepared.bytes(device.limits) >= 16], [false, true]);

  await prepared.make(pipelines);
  const plans = [];
  for (const recorder of [...recorders, plain]) plans.push(await recorder.compile(pipelines));
  assertEquals(plans.map(({ dispatches }) => dispatches.length), [1, 1, 2]);
  device.queue.writeBuffer(values.storage.buffer, 0, Float32Array.of(10, 10, 10, 10)); // against what it says
  for (const plan of plans) plan.replay();
  const read = await readback(device, [a.sum, b.sum, c.sum]);
  assertEquals(read.map((bits) => [...new Float32Array(bits)]), [
    [12, 14, 16, 18],
    [12, 14, 16, 18],
    [30, 30, 30, 30],
  ]);
  assertThrows(() => prepared.of("more", () => values), TypeError, "Cannot prepare more");
  for (const plan of plans) plan.destroy();
  prepared.destroy();
  values.storage.buffer.destroy();
});
