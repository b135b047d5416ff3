import { fromFileUrl, join } from "@std/path";
import { encodePng } from "../../src/data/encode_png.ts";
import { noise, noiseTar } from "../e2e/noise.ts";
import { TestServer } from "../e2e/server.ts";
import { noiseTar as slowTar } from "./data_memory.ts";
import { upload } from "./data_upload.ts";
import { digits, printTable, type Quantiles, quantiles } from "./figures.ts";
import { Probe } from "./health_probe.ts";
import type { OptionValues } from "./options.ts";

export const LOAD_OPTIONS = {
  clients: { about: "clients that embed, each one image after the other", default: 64 },
  seconds: { about: "for which everything goes on at once", default: 60 },
  flood: { about: "requests at once, of whom most are told that the queue is full", default: 10_000 },
  px: { about: "width and height of the images that are embedded", default: 32 },
} as const;
const TARGET_MS = 50;
const TRAINING = { arch: "cifar_resnet20", px: 32, batch: 64, steps: 100_000, evaluate: null };
/** Enough to be taken in for longer than the bench may take. */
const INGEST_BYTES = 1e9;

/** How long a real server takes to say that it is well while it trains, ingests and embeds for many. */
export async function load(
  { clients, seconds, flood, px }: OptionValues<typeof LOAD_OPTIONS>,
): Promise<void> {
  const directory = fromFileUrl(new URL(`./results/load-${Deno.pid}`, import.meta.url));
  await Deno.mkdir(directory, { recursive: true });
  const server = await TestServer.start(join(directory, "data"), { DECODE_WORKERS: "1" });
  const probe = new Probe(`${server.url}/healthz`);
  try {
    const { id: dataset } = await server.json("/v1/datasets?name=noise", {
      method: "POST",
      headers: { "Content-Type": "application/x-tar" },
      body: await noiseTar(256, 32),
    });
    await server.until(() => server.json(`/v1/datasets/${dataset}`), ({ status }) => status === "ready");
    const submit = async (config: object) =>
      (await (await server.post("/v1/jobs", { kind: "pretrain", dataset, config })).json()).id as string;
    const first = await submit({ ...TRAINING, steps: 1 });
    await server.until(() => server.json(`/v1/jobs/${first}`), ({ status }) => status === "succeeded");
    const { data: [{ id: model }] } = await server.json(`/v1/jobs/${first}/checkpoints`) as unknown as {
      data: { id: string }[];
    };
    const rest = await probe.during(5), job = await submit(TRAINING);
    const large = upload(server, "large", slowTar(INGEST_BYTES));
    await server.until(
      () => server.json(`/v1/jobs/${job}`),
      ({ progress }) => (progress as { step: number } | null)?.step! > 0,
    );
    await server.until(
      () => server.json("/v1/datasets?limit=1"),
      ({ data }) => (data as { name: string; progress?: unknown }[])[0].progress !== undefined,
    );
    const images = await Promise.all(
      Array.from({ length: 8 }, async (_, n) => (await encodePng(noise(px, n))).toBase64()),
    );
    const latencies: number[] = [], refused = new Map<number, number>();
    let over = false;
    const client = async (n: number) => {
      while (!over) {
        const start = performance.now();
        const response = await server.post("/v1/embeddings", { model, input: images[n % images.length] });
        await response.body?.cancel();
        if (response.ok) latencies.push(performance.now() - start);
        else {
          refused.set(response.status, (refused.get(response.status) ?? 0) + 1);
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      }
    };
    const working = Array.from({ length: clients }, (_, n) => client(n));
    const loaded = await probe.during(seconds);
    over = true;
    await Promise.all(working);
    const told = new Map<string, number>();
    const flooded = await probe.during(() =>
      floodWith(flood, told, () => server.post("/v1/embeddings", { model, input: images[0] }))
    );
    const { progress } = await server.json(`/v1/jobs/${job}`) as unknown as {
      progress: { step: number; images_per_s: number };
    };
    const id = await large, { progress: ingest } = await server.json(`/v1/datasets/${id}`);
    await server.post(`/v1/jobs/${job}/cancel`, {});
    const embeddings = quantiles(latencies);
    printTable(["milliseconds", "asked>", "p50>", "p99>", "most>"], [
      ["/healthz at rest", ...row(rest)],
      ["/healthz under load", ...row(loaded)],
      [`/healthz, ${flood} requests at once`, ...row(flooded)],
      [`embeddings, ${clients} clients`, ...row(embeddings)],
    ]);
    console.log(
      `meanwhile ${progress.step} steps at ${digits(progress.images_per_s)} images/s, ` +
        `${(ingest as { images: number } | undefined)?.images ?? "all"} images ingested; refused: ${
          JSON.stringify(Object.fromEntries(refused))
        }; of ${flood} at once: ${
          JSON.stringify(Object.fromEntries(told))
        }\ntarget: p99 of /healthz below ${TARGET_MS} ms: ${loaded.p99 < TARGET_MS ? "met" : "MISSED"}\n`,
    );
    console.log(
      JSON.stringify({
        case: "load",
        clients,
        seconds,
        px,
        rest,
        loaded,
        flood,
        flooded,
        embeddings,
        progress,
      }),
    );
  } finally {
    probe.close();
    await server.stop();
    await Deno.remove(directory, { recursive: true });
  }
}

/** So many requests that are all under way together. */
async function floodWith(
  requests: number,
  told: Map<string, number>,
  ask: () => Promise<Response>,
): Promise<void> {
  await Promise.all(Array.from({ length: requests }, async () => {
    const status = await ask().then(async (response) => {
      await response.body?.cancel();
      return String(response.status);
    }, () => "no connection");
    told.set(status, (told.get(status) ?? 0) + 1);
  }));
}

const row = ({ asked, p50, p99, max }: Quantiles): string[] => [asked, p50, p99, max].map((v) => digits(v));
