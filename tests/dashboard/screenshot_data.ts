// What the screenshots show: drawn pictures, or photographs, and on them a job of each kind and of each fate. Small, so that two CPU cores make it
// within minutes; it is looked for by name afterwards, so a server that has it already is furnished once.
import { packTar, unpackTar } from "modern-tar";
import { standIns } from "../e2e/photographs.ts";
import type { TestServer } from "../e2e/server.ts";
import { drawnPictures } from "./drawn_pictures.ts";

/** Imagenette names its folders by WordNet's numbers. */
const WORDS: Record<string, string> = {
  ...{ n01440764: "tench", n02102040: "springer", n02979186: "cassette player", n03000684: "chain saw" },
  ...{ n03028079: "church", n03394916: "French horn", n03417042: "garbage truck", n03425413: "petrol pump" },
  ...{ n03445777: "golf ball", n03888257: "parachute" },
};
const PER_CLASS = { train: 100, test: 30 };
const NETWORK = { arch: "cifar_resnet8", px: 16, batch: 32 };
const HEADS = { projector: { hidden: 256, out: 64 }, predictor: { hidden: 256 }, tau: 0.97 };
const OPTIMIZER = { name: "lars", base_lr: 8, weight_decay: 1e-6, warmup_epochs: 0.2 };
const PRETRAIN = {
  ...{ ...NETWORK, ...HEADS, augmentation: "cifar", optimizer: OPTIMIZER },
  ...{ evaluate: { knn_every_epochs: 1, k: 20 }, checkpoint: { every_steps: 50 } },
};
export const NAMES = {
  dataset: "landscapes",
  second: "holiday-photos",
  alias: "photos",
  other: "photos-labelled",
  running: "byol-long",
};
interface Job {
  id: string;
  name?: string;
  metadata: { name?: string };
  status: string;
  progress: { step: number } | null;
  result: { checkpoint?: string } | null;
  error: unknown;
}

/** Fills a server, or what is missing on it. @param photographs A tar of images in folders, as for an upload; drawn ones without. */
export async function furnish(server: TestServer, photographs?: string): Promise<void> {
  const say = (what: string) => console.log(`furnishing: ${what}`);
  const tar = await smallTar(photographs ? await Deno.readFile(photographs) : await drawnPictures(PER_CLASS));
  const listed = async (what: string): Promise<Job[]> =>
    (await server.json(`/v1/${what}?limit=100`)).data as Job[];
  const [jobs, datasets] = [await listed("jobs"), await listed("datasets")];
  const upload = async (name: string, body: Uint8Array<ArrayBuffer>) => {
    const there = datasets.find((one) => one.name === name);
    if (there) return there.id;
    const { id } = await server.json(`/v1/datasets?name=${name}&max_rejected=0.1`, {
      ...{ method: "POST", headers: { "Content-Type": "application/x-tar" }, body },
    });
    await server.until(() => server.json(`/v1/datasets/${id}`), ({ status }) => status === "ready", 300);
    return id as string;
  };
  const submit = async (name: string, kind: string, config: object): Promise<string> => {
    const there = jobs.find(({ metadata }) => metadata.name === name);
    if (there) return there.id;
    const body = { kind, dataset, config, metadata: { name } };
    const response = await server.post("/v1/jobs", body), { id, ...answer } = await response.json();
    if (!response.ok) throw new Error(`${name}: ${JSON.stringify(answer)}`);
    return id;
  };
  const job = (id: string) => server.json(`/v1/jobs/${id}`) as unknown as Promise<Job>;
  const run = async (name: string, kind: string, config: object): Promise<string> => {
    say(name);
    const id = await submit(name, kind, config), ends = ["succeeded", "failed"];
    const ended = await server.until(() => job(id), ({ status }) => ends.includes(status), 1800);
    if (ended.status === "failed") say(`${name} failed: ${JSON.stringify(ended.error)}`);
    return ended.result?.checkpoint ?? "";
  };
  const reaches = (id: string, step: number) =>
    server.until(() => job(id), ({ progress }) => (progress?.step ?? 0) > step, 900);
  await upload(NAMES.second, await standIns());
  const dataset = await upload(NAMES.dataset, tar);
  const first = await run("byol-baseline", "pretrain", { ...PRETRAIN, steps: 250 });
  const judge = { checkpoint: first, k: [5, 20] };
  await run("knn-baseline", "knn", judge);
  await run("probe-baseline", "linear_probe", { checkpoint: first, protocol: "lbfgs" });
  const tuned = await run("finetune-all-labels", "finetune", {
    init: first,
    label_fraction: 1,
    steps: [120],
    base_lr: [0.5],
    validation: null,
    batch: 32,
  });
  await run("knn-finetuned", "knn", { ...judge, checkpoint: tuned });
  for (const [alias, checkpoint] of [[NAMES.other, tuned], [NAMES.alias, tuned], [NAMES.alias, first]]) {
    const headers = { "Content-Type": "application/json" };
    await server.json(`/v1/models/${alias}`, {
      method: "PUT",
      headers,
      body: JSON.stringify({ checkpoint }),
    });
  }
  for (const model of [first, tuned]) {
    say(`embeddings by ${model}`);
    const body = { model, dataset, input: { item: 0 } };
    await server.until(
      async () => (await server.post("/v1/neighbors", body)).status,
      (status) => status === 200,
      600,
    );
  }
  await run("embed-baseline", "embed", { checkpoint: first });
  await run("byol-low-rate", "pretrain", {
    ...PRETRAIN,
    steps: 60,
    optimizer: { ...OPTIMIZER, base_lr: 2 },
    seed: 1,
  });
  const tooFast = { name: "lars", base_lr: 100, trust_coefficient: 1, warmup_epochs: 0 }; // f32 overflows soon
  await run("byol-too-fast", "pretrain", { ...PRETRAIN, steps: 60, optimizer: tooFast });
  await server.post(
    `/v1/jobs/${await submit("byol-mistaken", "pretrain", { ...PRETRAIN, steps: 5000 })}/cancel`,
    {},
  );
  say("a job that is paused, one that runs, one that waits");
  const paused = await submit("byol-seed-3", "pretrain", { ...PRETRAIN, steps: 2000, seed: 3 });
  await reaches(paused, 20);
  await server.post(`/v1/jobs/${paused}/pause`, {});
  await server.until(() => job(paused), ({ status }) => status === "paused", 120);
  const running = await submit(NAMES.running, "pretrain", { ...PRETRAIN, steps: 4000, seed: 4 });
  await submit("knn-k50", "knn", { checkpoint: first, k: 50 });
  await reaches(running, 40);
}

const splitOf = (folder: string) => (folder === "val" ? "test" : folder) as "train" | "test";

/** Some of each class, two of them in both splits, and files that are no images. */
async function smallTar(tar: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const entries: { header: { name: string; size: number }; body: Uint8Array<ArrayBuffer> }[] = [];
  const add = (name: string, body: Uint8Array<ArrayBuffer>) =>
    void entries.push({ header: { name, size: body.length }, body });
  const taken = new Map<string, number>();
  const chosen = await unpackTar(tar, {
    filter({ name }) { // the others' bytes are not copied
      const [split, label, file] = name.split("/"),
        key = `${splitOf(split)}/${label}`,
        before = taken.get(key) ?? 0;
      if (!file || before >= (PER_CLASS[splitOf(split)] ?? 0)) return false;
      taken.set(key, before + 1);
      return true;
    },
  });
  for (const [n, { header, data }] of chosen.entries()) {
    const [split, label, name] = header.name.split("/"), body = data as Uint8Array<ArrayBuffer>;
    add(`${splitOf(split)}/${WORDS[label] ?? label}/${name}`, body);
    if (split === "train" && n < 2) add(`test/${WORDS[label] ?? label}/again-${name}`, body);
  }
  const [, label] = entries[0].header.name.split("/");
  add(`train/${label}/notes.txt`, new TextEncoder().encode("From the hill, on a Sunday.\n"));
  add(`train/${label}/broken.jpg`, entries[0].body.slice(0, 900));
  add(`test/${label}/empty.jpg`, new Uint8Array());
  return await packTar(entries);
}
