import { fromFileUrl } from "@std/path";
import { encodePng } from "../../src/data/encode_png.ts";
import { noise } from "../e2e/noise.ts";
import { largePhotographs } from "../e2e/photographs.ts";
import { sum } from "./figures.ts";
import type { Load, Outcome } from "./serve_clients.ts";

const CLIENTS = fromFileUrl(new URL("./serve_clients.ts", import.meta.url));
const LEAD_SECONDS = 2, IMAGES = 8, LOOK_MS = 100;

/** What came of a load: seconds and images. */
export interface Served {
  requests: number;
  imagesPerSecond: number;
  /** Milliseconds, the middle of each. */
  ms: number;
  decode: number;
  queue: number;
  gpu: number;
  /** What is neither decoding nor the GPU, whose time ends with a readback. */
  outside: number;
  p95: number;
  failed: Record<string, number>;
  /** By the server's own figures, where it has them. */
  gpuBusy?: number;
  meanBatch?: number;
}

/** The images of a size that are sent: JPEG photographs at 224 px where there are some, and PNGs of noise otherwise. */
export async function imagesOf(px: number): Promise<{ images: string[]; kind: string }> {
  const photos = px === 224 ? await largePhotographs(IMAGES) : undefined;
  const images = photos ?? await Promise.all(
    Array.from({ length: IMAGES }, (_, n) => encodePng(noise(px, n))),
  );
  return {
    images: images.map((bytes) => bytes.toBase64()),
    kind: photos ? "JPEG photographs" : "PNGs of noise",
  };
}

const at = (values: number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(share * (values.length - 1))] ?? NaN;

/** Has a process of clients embed for so many seconds. */
export async function serveLoad(load: Omit<Load, "leadSeconds">): Promise<Served> {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "--no-prompt", "--allow-net=127.0.0.1", CLIENTS],
    ...{ stdin: "piped", stdout: "piped" } as const,
  }).spawn();
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(`${JSON.stringify({ ...load, leadSeconds: LEAD_SECONDS })}\n`));
  await writer.close();
  const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  await wait(1000 * LEAD_SECONDS);
  // A batch is counted when it ends, so time is measured from the end of one to the end of another.
  const ends: NonNullable<Awaited<ReturnType<typeof figuresOf>>>[] = [];
  for (const end = performance.now() + 1000 * load.seconds; performance.now() < end; await wait(LOOK_MS)) {
    const now = await figuresOf(load.url);
    if (now && now.batches !== ends.at(-1)?.batches) ends.push(now);
  }
  const { stdout } = await process.output();
  const { answers, failed } = JSON.parse(new TextDecoder().decode(stdout)) as Outcome;
  const middle = (of: (answer: Outcome["answers"][number]) => number) => at(answers.map(of), 0.5);
  const [before, after] = [ends[1], ends.at(-1)]; // the first is of a batch that ended before
  return {
    requests: answers.length,
    imagesPerSecond: answers.length / load.seconds,
    ms: middle(({ ms }) => ms),
    decode: middle(({ decode }) => decode),
    queue: middle(({ queue }) => queue),
    gpu: middle(({ gpu }) => gpu),
    outside: middle(({ ms, decode, gpu, load }) => ms - decode - gpu - load),
    p95: at(answers.map(({ ms }) => ms), 0.95),
    failed,
    ...(before && after && after !== before
      ? {
        gpuBusy: (after.gpuSeconds - before.gpuSeconds) / ((after.at - before.at) / 1000),
        meanBatch: (after.images - before.images) / (after.batches - before.batches),
      }
      : {}),
  };
}

/** What /metrics has of batches so far; undefined of a server that has none. */
async function figuresOf(url: string) {
  const response = await fetch(`${url}/metrics`), text = await response.text(), at = performance.now();
  if (!response.ok) return undefined;
  const value = (series: string) =>
    sum(
      text.split("\n").flatMap((line) => line.startsWith(`${series} `) ? [Number(line.split(" ")[1])] : []),
    );
  return {
    at,
    gpuSeconds: value('latentd_embedding_stage_duration_seconds_sum{stage="gpu"}'),
    images: value("latentd_embedding_batch_images_sum"),
    batches: value("latentd_embedding_batch_images_count"),
  };
}
