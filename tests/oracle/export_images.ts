import { unpackTar } from "modern-tar";
import { decodeImage } from "../../src/data/decode.ts";
import { preprocess } from "../../src/data/preprocess.ts";
import { Encoder } from "../../src/inference/encoder.ts";
import { photographs } from "../e2e/photographs.ts";
import { descriptionOf, type ModelRequest, tensorsOf } from "../unit/export/export_scene.ts";
import { pipelines } from "./oracle.ts";

/** Images of a tar as an encoder of `px` sees them: `[count, px, px, 3]`. */
export async function imagesFor(px: number, count: number): Promise<Float32Array<ArrayBuffer>> {
  const { tar, source } = await photographs(), files = (await unpackTar(tar)).filter(({ data }) => data);
  console.log(source);
  const out = new Float32Array(count * px * px * 3),
    { preprocessing } = descriptionOf({ arch: "resnet18", px });
  for (let i = 0; i < count; i++) {
    const file = files[Math.floor(i * files.length / count)];
    out.set(preprocess(await decodeImage(file.data!), preprocessing), i * px * px * 3);
  }
  return out;
}

/** `[N, H, W, 3]` to `[N, 3, H, W]`. */
export function channelsFirst(x: Float32Array<ArrayBuffer>, px: number): Float32Array<ArrayBuffer> {
  const pixels = px * px;
  return x.map((_, i) => {
    const n = Math.floor(i / (3 * pixels)), c = Math.floor(i / pixels) % 3;
    return x[(n * pixels + i % pixels) * 3 + c];
  });
}

/** Their embeddings, by latentd. */
export async function embed(
  model: ModelRequest,
  px: number,
  images: Float32Array<ArrayBuffer>,
): Promise<{ rows: Float32Array; dim: number }> {
  const tensors = new Map([...tensorsOf(model)].filter(([name]) => !name.startsWith("fc.")));
  const encoder = new Encoder(pipelines, model.arch, px, tensors);
  const rows = await encoder.embed(images), { dim } = encoder;
  encoder.destroy();
  return { rows, dim };
}
