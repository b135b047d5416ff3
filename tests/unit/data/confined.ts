import { assert } from "@std/assert";
import { delay } from "@std/async/delay";
import { fromFileUrl } from "@std/path";

/** What of a child's is watched, and how often. */
const LOOK_MS = 100, TICKS_PER_S = 100;
/** Silent for so long a child hangs over something: of its own processor's time, and, where it only waits, of the clock. */
const MAX_CPU_S = 5, MAX_SILENCE_S = 60;

/** How a child came to its end. */
export interface Confined {
  lines: string[];
  peakKb: number;
  /** The longest that it was silent, in seconds of its processor's time. */
  slowest: number;
}

/**
 * Runs a program of this folder in a process that may read `read`, write `write` and ask for `env`, and no more. It is killed, and this
 * rejects, past `maxKb` of resident memory, or if it says nothing for too long.
 *
 * @returns What it said, line by line; its last words if it ends with anything but 0.
 */
export async function runConfined(
  program: string,
  { args, read, write = [], env = [], maxKb }: {
    args: string[];
    read: string[];
    write?: string[];
    env?: string[];
    maxKb: number;
  },
): Promise<Confined> {
  const process = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "--frozen", `--allow-read=${[...read, ...write].join()}`],
      ...(write.length > 0 ? [`--allow-write=${write.join()}`] : []),
      ...(env.length > 0 ? [`--allow-env=${env.join()}`] : []),
      ...[fromFileUrl(new URL(program, import.meta.url)), ...args],
    ],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const lines: string[] = [];
  let peakKb = 0, slowest = 0, killed: string | undefined, ended = false;
  let heard = { lines: 0, cpu: 0, at: performance.now() };
  const look = async () => {
    const { hwmKb, cpu } = await usage(process.pid), silence = (performance.now() - heard.at) / 1000;
    peakKb = Math.max(peakKb, hwmKb);
    if (lines.length > heard.lines) heard = { lines: lines.length, cpu, at: performance.now() };
    if (heard.lines > 0) slowest = Math.max(slowest, cpu - heard.cpu);
    if (peakKb > maxKb) killed ??= `it took ${peakKb} KB`;
    if (slowest > MAX_CPU_S || silence > MAX_SILENCE_S) killed ??= "it hangs";
    if (killed && !ended) process.kill("SIGKILL");
  };
  const watch = (async () => {
    for (; !ended; await delay(LOOK_MS)) await look();
  })();
  let rest = "";
  for await (const text of process.stdout.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop()!;
    lines.push(...parts);
  }
  ended = true;
  const { code } = await process.status;
  await watch;
  assert(
    killed === undefined && code === 0,
    `${program} ${args}: ${killed ?? `code ${code}`}, after ${lines.at(-1)}`,
  );
  return { lines, peakKb, slowest };
}

/** What a process has taken: by `cat`, for Deno lets nobody read /proc who may not do everything. Zeros without a /proc. */
async function usage(pid: number): Promise<{ hwmKb: number; cpu: number }> {
  const args = [`/proc/${pid}/status`, `/proc/${pid}/stat`];
  const { stdout } = await new Deno.Command("cat", { args, stderr: "null" }).output();
  const text = new TextDecoder().decode(stdout), fields = text.split(") ").at(-1)!.split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  return { hwmKb: Number(/VmHWM:\s+(\d+)/.exec(text)?.[1] ?? 0), cpu: (ticks || 0) / TICKS_PER_S };
}
