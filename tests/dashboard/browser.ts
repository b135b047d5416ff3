// What tests of the dashboard stand on: a real server, a real browser, and whatever either complains of made a failure.
import { assertEquals } from "@std/assert";
import axe from "axe-core";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { CHROMIUM, findChromium } from "../../src/setup/chromium.ts";
import { ensureDashboard } from "../../src/setup/build_dashboard.ts";
import { TestServer } from "../e2e/server.ts";

/** WebGL on the CPU. */
const FLAGS = ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"];

/** Whatever a page is waited for. */
const PATIENCE_MS = 120_000;

export interface Stage {
  /** Under the same address for the whole test, through crashes too. */
  server: TestServer;
  browser: Browser;
  page: Page;
  /** Kills the server, as a crash would; what is returned starts it again, over the same data and at the same address. */
  crash(): Promise<() => Promise<void>>;
  /** Another page, as of another browser: with a window, a theme or a zone of its own. */
  open(options?: BrowserContextOptions): Promise<Page>;
  /** Console errors, exceptions and violations of the policy so far; empty it of those that a test has meant. */
  faults: string[];
}

/** Debian's Chromium, headless. */
export async function launchChromium(): Promise<Browser> {
  // It looks whether this is Windows' Linux as it is loaded, at files that Deno guards by every permission; but not by this.
  Deno.env.set("__IS_WSL_TEST__", "1");
  const { chromium } = await import("playwright-core");
  const args = Deno.uid() === 0 ? [...FLAGS, "--no-sandbox"] : FLAGS; // root has no sandbox to offer
  return await chromium.launch({ executablePath: CHROMIUM, args, timeout: 120_000 });
}

/**
 * A test of the dashboard, on a server of its own with an empty `DATA_DIR`. It fails on whatever the browser complains of.
 * Where there is no Chromium it is skipped, by name.
 */
export function dashboardTest(
  name: string,
  check: (stage: Stage, t: Deno.TestContext) => Promise<void>,
  { env = {} }: { env?: Record<string, string> } = {},
): void {
  Deno.test({
    name,
    ignore: !findChromium(),
    sanitizeOps: false, // the server, its children and the browser outlive steps
    sanitizeResources: false,
  }, async (t) => {
    await ensureDashboard();
    const dataDir = await Deno.makeTempDir({ prefix: "latentd-dashboard-" });
    let server = await TestServer.start(dataDir, env);
    const browser = await launchChromium();
    const faults: string[] = [];
    const open = async (options: BrowserContextOptions = {}) => {
      // Without motion: colours that are on their way to others have a contrast that nobody reads by.
      const context = await browser.newContext({
        ...{ viewport: { width: 1280, height: 800 }, reducedMotion: "reduce" },
        ...options,
      });
      context.setDefaultTimeout(PATIENCE_MS); // no test is of how fast a machine is
      await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: server.url });
      return watch(await context.newPage(), faults);
    };
    try {
      const crash = async () => {
        const PORT = new URL(server.url).port;
        await server.crash();
        return async () => void (server = await TestServer.start(dataDir, { ...env, PORT }));
      };
      await check({ server, browser, page: await open(), open, crash, faults }, t);
      assertEquals(faults, []);
    } finally {
      await browser.close();
      await server.stop();
      await Deno.remove(dataDir, { recursive: true });
    }
  });
}

/** Has everything that a page complains of noted. */
function watch(page: Page, faults: string[]): Page {
  page.on("console", (message) => {
    if (message.type() === "error") faults.push(`console: ${message.text()}`); // violations of the policy are among them
  });
  page.on("pageerror", (error) => faults.push(`exception: ${error.message}`));
  return page;
}

/** Waits until a screen is there: its heading, and nothing grey any more. */
export async function settled(page: Page): Promise<void> {
  await page.locator("main h1").first().waitFor();
  await page.locator("main .skeleton").first().waitFor({ state: "detached" });
}

/** Has axe-core look at the page as it is. @throws {AssertionError} With each serious or critical violation and where it is. */
export async function checkAccessibility(page: Page): Promise<void> {
  await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => {
    // deno-lint-ignore no-explicit-any
    const { violations } = await (globalThis as any).axe.run({ resultTypes: ["violations"] });
    return violations;
  }) as { id: string; impact: string; nodes: { target: string[]; failureSummary: string }[] }[];
  const grave = violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
  assertEquals(
    grave.map(({ id, nodes }) =>
      `${id}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).join("; ")}`
    ),
    [],
    page.url(),
  );
}
