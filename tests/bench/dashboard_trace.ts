import { type Quantiles, quantiles, sum } from "./figures.ts";

/** What the browser's own tracing says of the threads that run pages; all in ms. */
export interface Traced {
  /** The longest task by the clock, and the one of most processor time: beside other work a task waits, too. */
  longest: number;
  longestCpu: number;
  /** Processor time of the page's script in each frame, with all events and timers since the frame before. */
  frames: Quantiles;
  /** Processor time a frame of the page's whole thread, and of the GPU process's: drawing, where there is no GPU. */
  pageCpu: number;
  drawCpu: number;
}
interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  /** In µs: when, how long by the clock, and of the thread's processor time. */
  ts: number;
  dur?: number;
  tdur?: number;
  args?: { name?: string };
}

export const TRACED = ["toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline"];
const SCRIPT =
  /^(FunctionCall|FireAnimationFrame|EventDispatch|RunMicrotasks|TimerFire|EvaluateScript|V8\.\w*GC.*)$/;

export function readTrace(trace: Uint8Array): Traced {
  const { traceEvents } = JSON.parse(new TextDecoder().decode(trace)) as { traceEvents: TraceEvent[] };
  const thread = (name: string) => {
    const those = new Set(
      traceEvents.filter((event) => event.name === "thread_name" && event.args?.name === name)
        .map(({ pid, tid }) => `${pid} ${tid}`),
    );
    return traceEvents.filter(({ ph, pid, tid }) => ph === "X" && those.has(`${pid} ${tid}`))
      .toSorted((a, b) => a.ts - b.ts);
  };
  const page = thread("CrRendererMain"),
    tasks = page.filter(isTask),
    gpu = thread("CrGpuMain").filter(isTask);
  const frames = scriptOfFrames(page);
  return {
    longest: tasks.reduce((most, { dur = 0 }) => Math.max(most, dur / 1000), 0),
    longestCpu: tasks.reduce((most, task) => Math.max(most, cpu(task)), 0),
    frames: quantiles(frames),
    pageCpu: sum(tasks.map(cpu)) / frames.length,
    drawCpu: sum(gpu.map(cpu)) / frames.length,
  };
}

/** Tasks are traced within others of the scheduler; those are the outermost. */
const isTask = ({ name }: TraceEvent): boolean => name === "RunTask";
const cpu = ({ tdur = 0 }: TraceEvent): number => tdur / 1000;

/** @param page Its thread's events, as they began. */
function scriptOfFrames(page: TraceEvent[]): number[] {
  const frames: number[] = [];
  let script = 0, end = 0;
  for (const event of page) {
    if (event.name === "Commit") { // a frame's last step on this thread
      frames.push(script);
      script = 0;
    } else if (SCRIPT.test(event.name) && event.ts >= end) { // one within another is in that one's time
      script += cpu(event);
      end = event.ts + (event.dur ?? 0);
    }
  }
  return frames;
}
