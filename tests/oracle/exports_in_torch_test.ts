import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { pythonWithTorch, runPython } from "../e2e/python.ts";
import { exported, tensorsOf, withExports } from "../unit/export/export_scene.ts";
import { channelsFirst, embed, imagesFor } from "./export_images.ts";
import { normError } from "./oracle.ts";

const PX = 64, COUNT = 2, LABELS = ["cat", "dog", "ship"];
const SCRIPT = new URL("./exports_in_torch.py", import.meta.url);
const python = await pythonWithTorch("torch, torchvision, numpy");

for (const layout of ["torchvision", "transformers"] as const) {
  for (
    const { arch, labels } of [{ arch: "resnet18", labels: LABELS }, { arch: "resnet50", labels: undefined }]
  ) {
    Deno.test({
      name: `PyTorch gives ${arch}'s embeddings of photographs from its files for ${layout}` +
        (python ? "" : ": not run, since there is no Python with torch and torchvision"),
      ignore: python === undefined,
      fn: () =>
        withExports(async ({ exporter, directory, keep }) => {
          const model = { arch, px: PX, labels },
            checkpoint = await keep(model),
            images = await imagesFor(PX, COUNT);
          const folder = join(directory, "there"), file = join(directory, `images.${PX}`);
          await Deno.mkdir(folder);
          for (const name of ["model.safetensors", "config.json"]) {
            await Deno.writeFile(join(folder, name), await exported(exporter, checkpoint, layout, name));
          }
          await Deno.writeFile(file, new Uint8Array(channelsFirst(images, PX).buffer));
          const theirs = await runPython(python!, SCRIPT, [layout, folder, file]) as Theirs;
          const { rows, dim } = await embed(model, PX, images);
          assertEquals(theirs.embeddings.map((row) => row.length), Array(COUNT).fill(dim));
          for (const [i, row] of theirs.embeddings.entries()) {
            const error = normError(rows.subarray(i * dim, (i + 1) * dim), row);
            assert(error <= 1e-4, `embedding ${i} differs by ${error} of its norm`);
          }
          assertEquals(theirs.logits?.map((row) => row.length), labels && Array(COUNT).fill(labels.length));
          if (!theirs.logits) return;
          const [weight, bias] = ["fc.weight", "fc.bias"].map((name) =>
            tensorsOf(model).get(name)!.data as Float32Array
          );
          for (const [i, row] of theirs.logits.entries()) {
            const ours = row.map((_, k) =>
              theirs.embeddings[i].reduce((sum, x, d) => sum + x * weight[k * dim + d], bias[k])
            );
            assert(normError(row, ours) <= 1e-4, `logits ${i} are ${row}, got ${ours}`);
          }
        }),
    });
  }
}

interface Theirs {
  embeddings: number[][];
  logits?: number[][];
}
