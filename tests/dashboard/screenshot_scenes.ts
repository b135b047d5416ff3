/// <reference lib="dom" />
// What is photographed: each screen, and what is done on it first. Scenes ask the server for the ids of what they show.
import type { Page } from "playwright-core";
import { NAMES } from "./screenshot_data.ts";

export interface Scene {
  name: string;
  route: string;
  /** What is done on the screen before it is photographed. */
  act?: (page: Page) => Promise<void>;
}
/** Scenes without anything on the server. */
export const EMPTY: Scene[] = [
  { name: "first-run", route: "/" },
  ...["jobs", "new", "datasets", "views", "neighbors", "map", "models"].map((path) => ({
    name: `empty-${path}`,
    route: `/${path}`,
  })),
];
/** Where the server asks for a key, and it is a wrong one. */
export const WRONG_KEY: Scene = {
  ...{ name: "wrong-key", route: "/" },
  async act(page) {
    await page.getByLabel("API key").fill(`lat_${"x".repeat(43)}`);
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByText("The server does not know this key").waitFor();
  },
};
/** Those that the README shows: the scene, and its theme. */
export const README = [
  ["job", "light"],
  ["map-lasso", "dark"],
  ["neighbors", "light"],
  ["overview", "dark"],
] as const;

interface Listed {
  id: string;
  name?: string;
  status: string;
  kind: string;
  checkpoint: string;
  metadata: { name?: string };
}

/** All screens with something on them. @param url A server that `furnish` filled. */
export async function fullScenes(url: string): Promise<Scene[]> {
  const list = async (what: string): Promise<Listed[]> =>
    (await (await fetch(`${url}/v1/${what}?limit=100`)).json()).data;
  const [jobs, datasets, models] = await Promise.all(["jobs", "datasets", "models"].map(list));
  const job = (name: string) => `/jobs/${jobs.find(({ metadata }) => metadata.name === name)?.id}`;
  const dataset = datasets.find(({ name }) => name === NAMES.dataset)?.id;
  const [first, tuned] = [NAMES.alias, NAMES.other].map((alias) =>
    models.find(({ id }) => id === alias)?.checkpoint
  );
  const tabs = (name: string, of: string, names: string[]): Scene[] =>
    names.map((tab) => ({ name: `${name}-${tab}`, route: `${of}?tab=${tab}` }));
  const by = `dataset=${dataset}&model=${NAMES.other}`;
  return [
    { name: "overview", route: "/" },
    { name: "jobs", route: "/jobs" },
    { name: "job", route: `${job("byol-baseline")}?smooth=0.6` },
    { name: "job-compare", route: `${job("byol-baseline")}?more=1&compare=${job("byol-low-rate").slice(6)}` },
    ...tabs("job", job("byol-baseline"), ["checkpoints", "evaluations", "log", "config"]),
    { name: "job-running", route: job(NAMES.running) },
    { name: "job-paused", route: job("byol-seed-3") },
    { name: "job-failed", route: job("byol-too-fast") },
    { name: "job-knn", route: job("knn-finetuned") },
    { name: "job-probe", route: job("probe-baseline") },
    { name: "job-finetune", route: `${job("finetune-all-labels")}?tab=result` },
    { name: "job-embed", route: job("embed-baseline") },
    { name: "new", route: `/new?dataset=${dataset}` },
    {
      ...{ name: "new-wrong", route: `/new?dataset=${dataset}&kind=pretrain` },
      async act(page) {
        await page.getByLabel(/^batch\b/).first().fill("1");
        await page.getByRole("button", { name: "Start the job" }).click();
      },
    },
    { name: "datasets", route: "/datasets" },
    { name: "dataset", route: `/datasets/${dataset}` },
    ...tabs("dataset", `/datasets/${dataset}`, ["rejected", "duplicates", "details"]),
    {
      ...{ name: "dataset-image", route: `/datasets/${dataset}` },
      act: (page) => page.getByRole("button", { name: /^Image \d+/ }).nth(4).click(),
    },
    { name: "views", route: `/views?dataset=${dataset}&item=700&px=96` },
    { name: "neighbors", route: `/neighbors?${by}&item=700` },
    { name: "neighbors-none", route: `/neighbors?${by}` },
    { name: "neighbors-two", route: `/neighbors?${by}&other=${NAMES.alias}&item=700&k=12` },
    { name: "map", route: `/map?${by}` },
    { name: "map-lasso", route: `/map?${by}`, act: lasso },
    { name: "models", route: "/models" },
    { name: "models-compare", route: `/models?compare=${first},${tuned}` },
    { name: "model", route: `/models/${NAMES.other}` },
    { name: "system", route: "/system" },
  ];
}

/** Goes round some of the map's points, as one who wonders what they are. */
async function lasso(page: Page): Promise<void> {
  await page.getByText("of all variance").waitFor({ timeout: 60_000 });
  await page.getByRole("button", { name: "Lasso", exact: true }).click();
  const box = (await page.getByRole("application", { name: "The map" }).boundingBox())!;
  const STEPS = 24,
    at = (n: number) =>
      [
        box.x + box.width * (0.56 + 0.2 * Math.cos(2 * Math.PI * n / STEPS)),
        box.y + Math.min(box.height, 500) * (0.56 + 0.22 * Math.sin(2 * Math.PI * n / STEPS)),
      ] as const;
  await page.mouse.move(...at(0));
  await page.mouse.down();
  for (let n = 1; n < STEPS; n++) await page.mouse.move(...at(n));
  await page.mouse.up();
  await page.getByRole("heading", { name: /chosen$/ }).waitFor();
  await page.mouse.move(1, 1);
}
