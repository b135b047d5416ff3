import { TextLineStream } from "@std/streams/text-line-stream";
import { CONV_CASES, type ConvCase, type Direction, type EmbedCase, type StepCase } from "./cases.ts";

/**
 * One library in a process of its own. It reads lines of JSON, each naming what to measure, and answers each with a line:
 * the milliseconds of one run. So the parent can go round the contenders again and again, and all share one adapter.
 */
export interface Contender {
  /** Queues one run and returns what `wait` awaits. */
  convolution?(shape: ConvCase, direction: Direction): Promise<Run>;
  step?(shape: StepCase): Promise<Run>;
  embed?(shape: EmbedCase): Promise<Run>;
}
export interface Run {
  enqueue(): unknown;
  /** Waits until all runs that were enqueued are through. */
  wait(results: unknown[]): Promise<void>;
}
export type Question = { convolution: number; direction: Direction } | { step: StepCase } | {
  embed: EmbedCase;
};

/** A wait costs 10 ms in Deno, whoever waits: a batch is long enough that this hardly counts. */
const BATCH_MS = { convolution: 250, other: 1000 };

/** Answers questions until standard input ends. */
export async function serveContender(contender: Contender): Promise<never> {
  const known = new Map<string, { run: Run; count: number }>();
  const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream()).pipeThrough(
    new TextLineStream(),
  ) as ReadableStream<string>;
  for await (const line of lines) {
    const question = JSON.parse(line) as Question;
    let measured = known.get(line);
    if (!measured) {
      const run = "step" in question
        ? await contender.step!(question.step)
        : "embed" in question
        ? await contender.embed!(question.embed)
        : await contender.convolution!(CONV_CASES[question.convolution], question.direction);
      await time(run, 1); // compiles
      const batchMs = "convolution" in question ? BATCH_MS.convolution : BATCH_MS.other;
      const once = await time(run, 1);
      measured = { run, count: Math.max(1, Math.min(100, Math.round(batchMs / once))) };
      known.set(line, measured);
    }
    const ms = await time(measured.run, measured.count) / measured.count;
    await Deno.stdout.write(new TextEncoder().encode(`${JSON.stringify({ ms })}\n`));
  }
  Deno.exit(0);
}

async function time(run: Run, count: number): Promise<number> {
  const start = performance.now();
  await run.wait(Array.from({ length: count }, () => run.enqueue()));
  return performance.now() - start;
}
