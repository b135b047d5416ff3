import { fromFileUrl, join } from "@std/path";
import { health } from "./data_health.ts";
import { ingest } from "./data_ingest.ts";
import { loader } from "./data_loader.ts";
import { memory } from "./data_memory.ts";
import { reading } from "./data_reading.ts";
import { tiny } from "./data_tiny.ts";
import type { OptionValues } from "./options.ts";

const PARTS = { ingest, tiny, reading, loader, memory, health };

export const DATA_OPTIONS = {
  only: {
    about: "the part that is measured",
    default: "all",
    choices: ["all", ...Object.keys(PARTS)],
  },
  tar: { about: "an archive to ingest", default: "../shared/data/imagenette-224-mini.tar" },
  python: { about: "a Python with Pillow, to decode the same", default: "/usr/bin/python3" },
  rounds: { about: "times that it is ingested by each, in turns", default: 3 },
  workers: { about: "threads that decode", default: 1 },
  images: { about: "images of the largest generated dataset", default: 100_000 },
  px: { about: "their width and height in pixels", default: 32 },
  batch: { about: "images of a training step, beside which the loader is held", default: 64 },
  steps: { about: "training steps that are timed", default: 3 },
  megabytes: { about: "of the generated tar over which the server's memory is watched", default: 2048 },
  seconds: { about: "for which the server's health is asked at rest", default: 5 },
} as const;
export type DataOptions = OptionValues<typeof DATA_OPTIONS>;

/** Taking data in and reading it: what they cost, and that it does not grow with the dataset. */
export async function data(options: DataOptions): Promise<void> {
  const directory = join(fromFileUrl(new URL("./results", import.meta.url)), `data-${Deno.pid}`);
  await Deno.mkdir(directory, { recursive: true });
  const lines: string[] = [];
  try {
    for (const [part, measure] of Object.entries(PARTS)) {
      if (options.only !== "all" && options.only !== part) continue;
      const figures = await measure(directory, options);
      lines.push(JSON.stringify({ case: "data", part, ...figures }));
      console.log("");
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
  console.log(lines.join("\n"));
}
