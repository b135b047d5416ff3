/// <reference lib="dom" />
import type { Browser } from "playwright-core";

export interface Seen {
  /** From the navigation's begin, in ms: the first paint, and when the screen had its data. */
  firstPaint: number;
  ready: number;
  /** The longest task of the page's own thread, in ms, by the page's observer: while it loads, and while it lives. */
  longestAtFirst: number;
  longestLive: number;
  /** The same while it lives, as the browser's tracing has it. */
  longestTraced: number;
  /** Tasks of more than 50 ms while it lives. */
  longTasks: number;
}
interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  dur?: number;
  args?: { name?: string };
}
interface Watched {
  tasks: { start: number; ms: number }[];
}
/** How long data may take to come. */
const READY_MS = 120_000;

/**
 * Opens a screen in a browser that has seen none of it, watches it for a while and scrolls through it, as people do.
 *
 * @param url The whole address, hash and all.
 */
export async function watch(browser: Browser, url: string, seconds: number): Promise<Seen> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  try {
    const page = await context.newPage();
    await page.addInitScript(() => {
      const watched: Watched = { tasks: [] };
      (globalThis as unknown as { watched: Watched }).watched = watched;
      new PerformanceObserver((list) => {
        for (const { startTime, duration } of list.getEntries()) {
          watched.tasks.push({ start: startTime, ms: duration });
        }
      }).observe({ type: "longtask", buffered: true });
    });
    await page.goto(url);
    await page.locator("main h1").first().waitFor({ timeout: READY_MS });
    await page.locator("main .skeleton").first().waitFor({ state: "detached", timeout: READY_MS });
    const ready = await page.evaluate(() => performance.now());
    await page.waitForTimeout(1000); // what follows from its data is drawn
    const live = await page.evaluate(() => performance.now());
    await browser.startTracing(page, { categories: ["toplevel", "disabled-by-default-devtools.timeline"] });
    await page.mouse.move(640, 500);
    for (const end = Date.now() + 1000 * seconds; Date.now() < end;) {
      await page.mouse.wheel(0, 600);
      await page.waitForTimeout(250);
    }
    const trace = await browser.stopTracing();
    const { tasks, firstPaint } = await page.evaluate(() => ({
      tasks: (globalThis as unknown as { watched: Watched }).watched.tasks,
      firstPaint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN,
    }));
    const most = (some: Watched["tasks"]) => Math.max(0, ...some.map(({ ms }) => ms));
    const lately = tasks.filter(({ start }) => start >= live);
    return {
      ...{ firstPaint, ready, longestAtFirst: most(tasks.filter(({ start }) => start < live)) },
      ...{ longestLive: most(lately), longTasks: lately.length, longestTraced: longestTask(trace) },
    };
  } finally {
    await context.close();
  }
}

/** The longest task of the threads that run pages, in ms. */
export function longestTask(trace: Uint8Array): number {
  const { traceEvents } = JSON.parse(new TextDecoder().decode(trace)) as { traceEvents: TraceEvent[] };
  const mains = new Set(
    traceEvents.filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain")
      .map(({ pid, tid }) => `${pid} ${tid}`),
  );
  const tasks = traceEvents.filter(({ name, ph, pid, tid }) =>
    ph === "X" && /RunTask|RunTaskFromQueue/.test(name) && mains.has(`${pid} ${tid}`)
  );
  return tasks.reduce((most, { dur = 0 }) => Math.max(most, dur / 1000), 0);
}
