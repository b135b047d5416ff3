/// <reference lib="dom" />
import type { Browser, Page } from "playwright-core";
import { readTrace, TRACED, type Traced } from "./dashboard_trace.ts";

export interface Seen extends Traced {
  /** From the navigation's begin, in ms: the first paint, and when the screen had its data. */
  firstPaint: number;
  ready: number;
  /** The longest task of the page's own thread, in ms, by the page's observer while it lives. */
  longestLive: number;
  /** The same by the tracing while it loads, and the one of most processor time then. */
  longestAtFirst: number;
  longestAtFirstCpu: number;
  /** Tasks of more than 50 ms while it lives. */
  longTasks: number;
  /** How long it was watched, in seconds, and what came of what was done to it. */
  seconds: number;
  came: Record<string, number>;
}
/** What people do on a screen, for about so many seconds. @returns Figures of its own. */
export type Act = (page: Page, seconds: number) => Promise<Record<string, number>>;
interface Watched {
  tasks: { start: number; ms: number }[];
}
/** How long data may take to come. */
const READY_MS = 120_000;

/**
 * Opens a screen in a browser that has seen none of it, does to it what people do, and watches how it fares.
 *
 * @param url The whole address, hash and all.
 */
export async function watch(browser: Browser, url: string, act: Act, seconds: number): Promise<Seen> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(READY_MS);
    await page.addInitScript(() => {
      const watched: Watched = { tasks: [] };
      (globalThis as unknown as { watched: Watched }).watched = watched;
      new PerformanceObserver((list) => {
        for (const { startTime, duration } of list.getEntries()) {
          watched.tasks.push({ start: startTime, ms: duration });
        }
      }).observe({ type: "longtask", buffered: true });
    });
    await browser.startTracing(page, { categories: TRACED });
    await page.goto(url);
    await page.locator("main h1").first().waitFor();
    await page.locator("main .skeleton").first().waitFor({ state: "detached" });
    const ready = await page.evaluate(() => performance.now());
    await page.waitForTimeout(1000); // what follows from its data is drawn
    const { longest: longestAtFirst, longestCpu: longestAtFirstCpu } = readTrace(await browser.stopTracing());
    const live = await page.evaluate(() => performance.now());
    await browser.startTracing(page, { categories: TRACED });
    await page.mouse.move(640, 500);
    const came = await act(page, seconds);
    const traced = readTrace(await browser.stopTracing());
    const { now, tasks, firstPaint } = await page.evaluate(() => ({
      now: performance.now(),
      tasks: (globalThis as unknown as { watched: Watched }).watched.tasks,
      firstPaint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN,
    }));
    const lately = tasks.filter(({ start }) => start >= live),
      longestLive = Math.max(0, ...lately.map(({ ms }) => ms));
    return {
      ...{ ...traced, firstPaint, ready, longestAtFirst, longestAtFirstCpu, longestLive },
      ...{ longTasks: lately.length, seconds: (now - live) / 1000, came },
    };
  } finally {
    await context.close();
  }
}
