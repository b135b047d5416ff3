import { assert, assertEquals, assertRejects } from "@std/assert";
import { JobStopped } from "../../src/domain/job.ts";
import { CANARY_NET, canaryValues } from "../../src/inference/canary.ts";
import { Encoder } from "../../src/inference/encoder.ts";
import { Preprocessor } from "../../src/inference/preprocess.ts";
import { krscToOihw } from "../../src/nn/network.ts";
import { embedRounds, type ImageSource } from "../../src/workers/embed_rounds.ts";
import { noise } from "../e2e/noise.ts";
import { pipelines } from "./oracle.ts";

const PX = 8, IMAGES = 301;
const images = Array.from({ length: IMAGES }, (_, n) => noise(8 + n % 3, n));
const source: ImageSource = { image: (n) => images[n], bytesOf: (n) => images[n].pixels.length };

async function withEncoder(check: (encoder: Encoder, preprocessor: Preprocessor) => Promise<void>) {
  const encoderOf = [...canaryValues()].map(([name, { data, shape }]) =>
    [name, krscToOihw(data, shape)] as const
  );
  // A classifier's head is none of the encoder's business.
  const head = { shape: [3, 16], data: new Float32Array(48) };
  const encoder = new Encoder(pipelines, CANARY_NET, PX, new Map([...encoderOf, ["fc.weight", head]]));
  const preprocessor = new Preprocessor(pipelines, {
    ...{ px: PX, channel_mean: [0.4, 0.5, 0.6], channel_std: [0.2, 0.3, 0.25] },
  });
  try {
    await check(encoder, preprocessor);
  } finally {
    encoder.destroy();
    preprocessor.destroy();
  }
}
const { signal } = new AbortController();

Deno.test("embedRounds() gives each item's row, to the bit and in order, whatever is in its round", () =>
  withEncoder(async (encoder, preprocessor) => {
    const items = Uint32Array.from({ length: IMAGES }, (_, i) => (i * 7) % IMAGES), found: number[] = [];
    for await (const { from, rows } of embedRounds(encoder, preprocessor, source, items, signal)) {
      assertEquals(from * encoder.dim, found.length);
      found.push(...rows);
    }
    const alone = await encoder.embedFrom(
      IMAGES,
      (x, from, count) =>
        preprocessor.write(Array.from(items.subarray(from, from + count), (n) => images[n]), x),
    );
    const bits = (values: Iterable<number>) => new Uint32Array(Float32Array.from(values).buffer);
    assertEquals(bits(found), bits(alone));
    assert(found.some((value) => value !== 0));
    for await (const _ of embedRounds(encoder, preprocessor, source, new Uint32Array(), signal)) {
      assert(false);
    }
  }));

Deno.test("embedRounds() ends between rounds, with why", () =>
  withEncoder(async (encoder, preprocessor) => {
    const controller = new AbortController(), items = Uint32Array.from({ length: IMAGES }, (_, i) => i);
    const error = await assertRejects(async () => {
      for await (const _ of embedRounds(encoder, preprocessor, source, items, controller.signal)) {
        controller.abort(new JobStopped("pause"));
      }
    }, JobStopped);
    assertEquals(error.reason, "pause");
  }));

Deno.test("Encoder.submit() refuses more images than its largest batch has, or than there are rows for", () =>
  withEncoder(async (encoder) => {
    const buffer = pipelines.device.createBuffer({ size: 64 * 4, usage: GPUBufferUsage.COPY_DST });
    const rows = { label: "rows", shape: [4, 16], dtype: "f32", storage: { buffer, offset: 0 } } as const;
    const nothing = () => {};
    await assertRejects(() => encoder.submit(3, nothing, rows, 2), RangeError, "2, fit, got 3");
    await assertRejects(() => encoder.submit(encoder.largestBatch + 1, nothing, rows, 0), RangeError);
    buffer.destroy();
  }));
