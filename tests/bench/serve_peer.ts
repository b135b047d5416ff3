/**
 * onnxruntime-node, on the CPU, behind the same HTTP server, the same decoding and the same making of batches as ours: all
 * but the GPU's process. `serve_peer.ts MODEL.onnx PX` prints its address, and lives until its input ends.
 */
import * as onnx from "onnxruntime-node";
import { listen } from "../../src/api/listen.ts";
import { DecoderPool } from "../../src/data/decoder_pool.ts";
import { preprocess } from "../../src/data/preprocess.ts";
import type { RgbImage } from "../../src/domain/image.ts";
import { EmbeddingQueue } from "../../src/supervisor/embedding_queue.ts";

const [path, side] = Deno.args, px = Number(side);
const preprocessing = {
  px,
  channel_mean: [0.485, 0.456, 0.406] as [number, number, number],
  channel_std: [0.229, 0.224, 0.225] as [number, number, number],
};
const session = await onnx.InferenceSession.create(path);
const [input] = session.inputNames, [output] = session.outputNames;

/** NHWC to NCHW, one image behind another. */
function pack(images: readonly RgbImage[]): Float32Array {
  const pixels = px * px, packed = new Float32Array(images.length * 3 * pixels);
  for (const [n, image] of images.entries()) {
    const values = preprocess(image, preprocessing);
    for (let p = 0; p < pixels; p++) {
      for (let c = 0; c < 3; c++) packed[(n * 3 + c) * pixels + p] = values[p * 3 + c];
    }
  }
  return packed;
}

const decoders = new DecoderPool(2);
const queue = new EmbeddingQueue({
  ready: () => true,
  unready: () => [],
  views: () => Promise.reject(new TypeError("Cannot show views: this is a peer of embedding only")),
  classify: () => Promise.reject(new TypeError("Cannot classify: this is a peer of embedding only")),
  async embed(_checkpoint, images, _signal, onStages) {
    const began = performance.now();
    const x = new onnx.Tensor("float32", pack(images), [images.length, 3, px, px]);
    const { [output]: y } = await session.run({ [input]: x });
    onStages?.({ queue: 0, load: 0, gpu: (performance.now() - began) / 1000 });
    const all = y.data as Float32Array, dim = all.length / images.length;
    return images.map((_, n) => all.slice(n * dim, (n + 1) * dim));
  },
}, { maxImages: 1024 });

const server = await listen(async (request) => {
  if (request.method !== "POST") return new Response(null, { status: 404 }); // it has no figures of its own
  const { input } = await request.json(), began = performance.now();
  const image = await decoders.decode(Uint8Array.fromBase64(input)), decoded = performance.now();
  let compute = 0;
  const [row] = await queue.embed("peer", [image], request.signal, ({ gpu }) => compute += gpu);
  const embedding = new Uint8Array(row.buffer, row.byteOffset, row.byteLength).toBase64();
  return Response.json({ object: "list", data: [{ object: "embedding", index: 0, embedding }] }, {
    headers: {
      "Server-Timing": `decode;dur=${decoded - began}, queue;dur=${
        performance.now() - decoded - 1000 * compute
      }, load;dur=0, gpu;dur=${1000 * compute}`,
    },
  });
}, { hostname: "127.0.0.1", port: 0, headersMs: 60_000 });
console.log(server.url);
await new Response(Deno.stdin.readable).bytes();
Deno.exit(0);
