// What a stranger gets for a torchvision model: real photographs, the checkpoint's own preprocessing, PyTorch's embeddings.
import { assert, assertEquals } from "@std/assert";
import { largePhotographs } from "./photographs.ts";
import { plantModel } from "./planted_model.ts";
import { pythonWithTorch, runPython } from "./python.ts";
import { TestServer } from "./server.ts";

const PX = 224, PHOTOS = 4, BATCH = 64;
const photos = await largePhotographs(PHOTOS), python = await pythonWithTorch();
const missing = !photos
  ? "no photographs are here"
  : !python
  ? "no python3 with torch, numpy and Pillow is here"
  : undefined;

const cosine = (a: number[], b: number[]) =>
  a.reduce((sum, value, i) => sum + value * b[i], 0) / (Math.hypot(...a) * Math.hypot(...b));

Deno.test({
  name: `resnet18 and resnet50 embed photographs as PyTorch does${missing ? ` (skipped: ${missing})` : ""}`,
  ignore: missing !== undefined,
  // The server and its children outlive steps; the last line ends them.
  sanitizeOps: false,
  sanitizeResources: false,
}, async (context) => {
  const dataDir = await Deno.makeTempDir({ prefix: "latentd-e2e-torchvision-" });
  const models = new Map<string, string>();
  for (const arch of ["resnet18", "resnet50"]) models.set(arch, await plantModel(dataDir, arch, PX));
  // On two cores that others use, too, 64 photographs take a while.
  const server = await TestServer.start(dataDir, { EMBED_LIMIT_SECONDS: "600" });
  const input = photos!.map((bytes) => bytes.toBase64());
  const embed = async (model: string, input: string | string[]) => {
    const body = await (await server.post("/v1/embeddings", { model, input })).json();
    assert(body.data, JSON.stringify(body));
    return (body.data as { embedding: number[] }[]).map(({ embedding }) => embedding);
  };
  try {
    await server.until(() => server.statusOf("/readyz"), (status) => status === 200);
    const paths = photos!.map((_, n) => `${dataDir}/${n}.jpg`);
    for (const [n, path] of paths.entries()) await Deno.writeFile(path, photos![n]);
    for (const [arch, model] of models) {
      await context.step(`${arch}: cosine of at least 0.9999`, async () => {
        const script = new URL("./embed_in_torch.py", import.meta.url);
        const args = [`${dataDir}/checkpoints/${model}`, ...paths];
        const expected = await runPython(python!, script, args) as number[][];
        const rows = await embed(model, input);
        assertEquals(rows.length, PHOTOS);
        for (const [n, row] of rows.entries()) {
          const same = cosine(row, expected[n]);
          assert(same >= 0.9999, `photograph ${n}: cosine ${same}`);
          const other = cosine(row, expected[(n + 1) % PHOTOS]);
          assert(
            other < 0.9999,
            `photographs ${n} and the next have a cosine of ${other}: is this test looking?`,
          );
        }
      });
    }
    await context.step(`resnet18: an image alone and in a batch of ${BATCH} agree to 1e-6`, async () => {
      const model = models.get("resnet18")!;
      const batch = await embed(model, Array.from({ length: BATCH }, (_, n) => input[n % PHOTOS]));
      for (const n of [0, 1, PHOTOS - 1]) {
        const [alone] = await embed(model, input[n]), length = Math.hypot(...alone);
        for (const row of [batch[n], batch[BATCH - PHOTOS + n]]) {
          const apart = Math.hypot(...row.map((value, i) => value - alone[i])) / length;
          assert(apart <= 1e-6, `photograph ${n} differs by ${apart} of its norm`);
        }
      }
    });
  } finally {
    await server.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
});
