import { assertEquals, assertRejects } from "@std/assert";
import { retry } from "@std/async/retry";
import { BackgroundWriter } from "../../../src/checkpoint/background_writer.ts";
import { readCheckpoint } from "../../../src/checkpoint/checkpoint_reader.ts";
import type { CheckpointContents } from "../../../src/checkpoint/checkpoint_writer.ts";
import { modelConfig } from "../../../src/checkpoint/model_config.ts";
import { DomainError } from "../../../src/domain/errors.ts";
import { newId } from "../../../src/domain/ids.ts";
import { aPretrainConfig } from "../../contract/pretrain_config.ts";

function contents(): CheckpointContents {
  const config = aPretrainConfig({ arch: "cifar_resnet8", steps: 20, batch: 8 }, 40);
  const { px, channel_mean, channel_std, seed } = config, shared = new Float32Array([1, 2, 3, 4]).buffer;
  const tensor = (from: number) => ({ shape: [2], data: new Float32Array(shared, 4 * from, 2) });
  return {
    model: new Map([["a", tensor(0)]]),
    trainingState: new Map([["online.encoder.a", tensor(0)], ["b", tensor(2)]]),
    state: {
      ...{ step: 7, config, rng: { seed }, sampler: { epoch: 1, step_in_epoch: 2 } },
      dataset: { id: "ds_01ARZ3NDEKTSV4RRFFQ69G5FAV", fingerprint: "sha256:0" },
      versions: { latentd: "0.1.0", format: 1, deno: "2.9.6" },
    },
    config: modelConfig({
      arch: "cifar_resnet8",
      dim: 64,
      classes: 0,
      preprocessing: { px, channel_mean, channel_std },
    }),
  };
}
async function scene(check: (writer: BackgroundWriter, directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir(), writer = new BackgroundWriter();
  try {
    await check(writer, directory);
  } finally {
    writer.close();
    // A thread that is told to end may yet make the file that it is about.
    await retry(() => Deno.remove(directory, { recursive: true }), { minTimeout: 50 });
  }
}

Deno.test("BackgroundWriter writes what writeCheckpoint() would, and takes the memory over", () =>
  scene(async (writer, directory) => {
    for (const id of [newId("ckpt"), newId("ckpt")]) {
      const sent = contents(), files = await writer.write(directory, id, sent);
      assertEquals(sent.trainingState!.get("b")!.data.length, 0);
      const expected = contents(), read = await readCheckpoint(directory, id);
      assertEquals([read.model, read.trainingState], [expected.model, expected.trainingState]);
      assertEquals(files.map(({ name }) => name).at(-1), "manifest.json");
    }
  }));

Deno.test("BackgroundWriter tells why there is none, and writes the next", () =>
  scene(async (writer, directory) => {
    const id = newId("ckpt");
    await writer.write(directory, id, contents());
    const again = await assertRejects(() => writer.write(directory, id, contents()), DomainError);
    assertEquals(again.code, "conflict");
    await writer.write(directory, newId("ckpt"), contents());
    const pending = writer.write(directory, newId("ckpt"), contents());
    await assertRejects(async () => await writer.write(directory, newId("ckpt"), contents()), TypeError);
    writer.close();
    await assertRejects(() => pending, DomainError, "stopping");
  }));
