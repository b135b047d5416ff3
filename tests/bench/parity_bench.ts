import { fromFileUrl } from "@std/path";
import { TestServer } from "../e2e/server.ts";
import { percent, printTable, sum } from "./figures.ts";
import { UsageError } from "./options.ts";

const shared = (path: string) => fromFileUrl(new URL(`../../../shared/${path}`, import.meta.url));
const results = (name: string) => fromFileUrl(new URL(`./results/${name}`, import.meta.url));

export const PARITY_OPTIONS = {
  data: { about: "a tar of train/CLASS and test/CLASS images", default: shared("data/cifar10-mini.tar") },
  script: {
    about: "PyTorch's run of the same recipe",
    default: shared("oracle/byol_train_reference.py"),
  },
  python: { about: "a Python that has torch, numpy and Pillow", default: "python3" },
  arch: { about: "the encoder", default: "cifar_resnet8" },
  px: { about: "the views' width and height in pixels", default: 32 },
  batch: { about: "images of a step", default: 128 },
  epochs: { about: "how long", default: 20 },
  every: { about: "epochs between two k-NN evaluations", default: 5 },
  precision: { about: "ours: f32, or mixed", default: "f32" },
  runs: { about: "of whom, with commas between", default: "latentd,PyTorch" },
  seeds: { about: "runs of each; theirs and ours take turns", default: 2 },
  first: { about: "the first run's seed", default: 0, least: 0 },
  name: { about: "what the results are called", default: "parity-cifar10-mini" },
};
type Values = { [K in keyof typeof PARITY_OPTIONS]: (typeof PARITY_OPTIONS)[K]["default"] };

/** Where a run stood at the end of an epoch. */
interface Row {
  run: string;
  seed: number;
  epoch: number;
  loss?: number;
  knn?: number;
  projection_std?: number;
}
/** LARS as both are told to use it; everything else is in the options or the same constant in both. */
const RECIPE = { base_lr: 1, weight_decay: 1e-6, tau: 0.99, warmup_epochs: 2, hidden: 512, out: 128 };
/** What k-NN accuracies may differ by, in points: the target that the project has set itself. */
const TARGET = 2;

/**
 * Quality, not speed: k-NN accuracy of whole runs, ours over HTTP and PyTorch's of the same recipe, in turns. Writes every
 * row as CSV and, where matplotlib is, both curves as a PNG.
 */
export async function parity(values: Values): Promise<void> {
  await expectFile(values.data, "--data");
  await expectFile(values.script, "--script");
  const directory = await Deno.makeTempDir({ dir: results("."), prefix: "data-" });
  const server = await TestServer.start(directory), rows: Row[] = [], minutes: Record<string, number[]> = {};
  try {
    const dataset = await upload(server, values.data);
    for (let seed = values.first; seed < values.first + values.seeds; seed++) {
      for (const [run, train] of [["latentd", ours(server, dataset)], ["PyTorch", theirs]] as const) {
        if (!values.runs.split(",").includes(run)) continue;
        const start = performance.now();
        for await (const row of train(values, seed)) {
          rows.push({ run, seed, ...row });
          if (row.knn !== undefined) console.log(describe(rows.at(-1)!));
        }
        (minutes[run] ??= []).push((performance.now() - start) / 60_000);
      }
    }
  } finally {
    await server.stop();
    await Deno.remove(directory, { recursive: true });
  }
  const csv = results(`${values.name}.csv`);
  await Deno.writeTextFile(csv, toCsv(rows));
  await plot(values.python, csv, results(`${values.name}.png`));
  conclude(rows, minutes, values);
}

type Run = (values: Values, seed: number) => AsyncGenerator<Omit<Row, "run" | "seed">>;

/** A job over HTTP, as any client would have it. */
function ours(server: TestServer, dataset: string): Run {
  return async function* ({ arch, px, batch, epochs, every, precision }, seed) {
    const { hidden, out, tau, ...rates } = RECIPE;
    const response = await server.post("/v1/jobs", {
      ...{ kind: "pretrain", dataset },
      config: {
        ...{
          arch,
          px,
          batch,
          epochs,
          tau,
          seed,
          precision,
          projector: { hidden, out },
          predictor: { hidden },
        },
        ...{ augmentation: "cifar", optimizer: { name: "lars", ...rates } },
        ...{ evaluate: { knn_every_epochs: every, k: 200, temperature: 0.1, split: "test" } },
      },
    });
    if (!response.ok) throw new UsageError(`Cannot train: ${await response.text()}`);
    const { id } = await response.json();
    const ended = await server.until(
      () => server.json(`/v1/jobs/${id}`),
      ({ status }) => ["succeeded", "failed", "cancelled"].includes(status),
      24 * 3600,
    );
    if (ended.status !== "succeeded") throw new Error(`the job has failed: ${JSON.stringify(ended.error)}`);
    const { data } = await server.json(`/v1/jobs/${id}/metrics`) as unknown as {
      data: Record<string, number>[];
    };
    const perEpoch = Math.max(...data.map(({ total_steps }) => total_steps)) / epochs;
    for (let epoch = 0; epoch <= epochs; epoch++) {
      const of = data.filter(({ step }) => Math.ceil(step / perEpoch) === epoch);
      if (of.length === 0) continue;
      const knn = of.findLast(({ knn_top1, step }) => knn_top1 !== undefined && step === epoch * perEpoch)
        ?.knn_top1;
      const mean = (name: string) => {
        const values = of.map((row) => row[name]).filter((value) => value !== undefined);
        return values.length === 0 ? undefined : sum(values) / values.length;
      };
      yield { epoch, loss: mean("loss"), projection_std: mean("projection_std"), knn };
    }
  };
}

/** PyTorch's run, which prints a line of JSON an epoch. */
async function* theirs(
  { python, script, data, arch, px, batch, epochs, every }: Values,
  seed: number,
): ReturnType<Run> {
  const { base_lr, weight_decay, tau, warmup_epochs, hidden, out } = RECIPE;
  const args = {
    ...{ data, arch, px, batch, epochs, seed, tau, "knn-every": every, projector: `${hidden},${out}` },
    ...{ "base-lr": base_lr, "weight-decay": weight_decay, "warmup-epochs": warmup_epochs },
  };
  const child = new Deno.Command(python, {
    args: [script, ...Object.entries(args).flatMap(([name, value]) => [`--${name}`, String(value)])],
    env: { OMP_NUM_THREADS: String(navigator.hardwareConcurrency) },
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let rest = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) yield JSON.parse(line);
  }
  const { success } = await child.status;
  if (!success) throw new UsageError(`Cannot run PyTorch's side: ${python} ${script} has failed`);
}

async function upload(server: TestServer, path: string): Promise<string> {
  const response = await server.fetch("/v1/datasets?name=quality", {
    method: "POST",
    headers: { "Content-Type": "application/x-tar" },
    body: await Deno.readFile(path),
  });
  const { id } = await response.json();
  const { status, error } = await server.until(
    () => server.json(`/v1/datasets/${id}`),
    ({ status }) => status !== "ingesting",
    600,
  );
  if (status !== "ready") throw new UsageError(`Cannot use ${path}: ${JSON.stringify(error)}`);
  return id;
}

async function expectFile(path: string, option: string): Promise<void> {
  const found = await Deno.stat(path).then(({ isFile }) => isFile, () => false);
  if (!found) throw new UsageError(`Cannot read ${option}: there is no file ${path}`);
}

const COLUMNS = ["run", "seed", "epoch", "loss", "projection_std", "knn"] as const;
const toCsv = (rows: Row[]): string =>
  [COLUMNS, ...rows.map((row) => COLUMNS.map((column) => row[column] ?? ""))]
    .map((line) => `${line.join(",")}\n`).join("");

async function plot(python: string, csv: string, png: string): Promise<void> {
  const script = fromFileUrl(new URL("./plot_quality.py", import.meta.url));
  for (const candidate of new Set([python, "/usr/bin/python3"])) {
    const command = new Deno.Command(candidate, { args: [script, csv, png], stderr: "null" });
    const drawn = await (async () => (await command.output()).success)()
      .catch(() => false); // there is no such program: output() throws at once, and rejects nothing
    if (drawn) return console.log(`drawn: ${png}`);
  }
  console.log("not drawn: no Python here has matplotlib");
}

const describe = ({ run, seed, epoch, knn, loss }: Row): string =>
  `${run}, seed ${seed}, epoch ${epoch}: k-NN ${percent(knn!)}${
    loss === undefined ? "" : `, loss ${loss.toFixed(3)}`
  }`;

function conclude(rows: Row[], minutes: Record<string, number[]>, { epochs, seeds }: Values): void {
  const last = (run: string) =>
    rows.filter((row) => row.run === run && row.epoch === epochs).map(({ knn }) => knn!);
  const mean = (values: number[]) => sum(values) / values.length;
  const runs = Object.keys(minutes);
  printTable(
    ["", "k-NN>", "of each seed", "minutes a run>"],
    runs.map((run) => [
      run,
      percent(mean(last(run))),
      last(run).map(percent).join(", "),
      mean(minutes[run]).toFixed(1),
    ]),
  );
  if (runs.length < 2) return;
  const [our, their] = ["latentd", "PyTorch"].map((run) => mean(last(run)));
  const points = 100 * (our - their);
  console.log(
    `\nours is ${points.toFixed(2)} points ${points < 0 ? "below" : "above"}, target within ${TARGET}: ${
      Math.abs(points) <= TARGET ? "met" : points > 0 ? "better than that" : "MISSED"
    }`,
  );
  console.log(JSON.stringify({
    ...{ case: `quality, ${epochs} epochs, ${seeds} seeds`, ours: our, peer: their, peer_name: "PyTorch" },
    ...{ unit: "k-NN top-1", points, target: TARGET },
  }));
}
