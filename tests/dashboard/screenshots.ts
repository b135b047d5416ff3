// `deno task screenshots`: PNGs of the dashboard's screens, light and dark, for a desk and for a phone, to be looked at; and the
// README's own.
import { parseArgs } from "@std/cli/parse-args";
import { fromFileUrl } from "@std/path";
import type { Browser, Page } from "playwright-core";
import sharp from "sharp";
import { ensureDashboard } from "../../src/setup/build_dashboard.ts";
import { TestServer } from "../e2e/server.ts";
import { launchChromium, settled } from "./browser.ts";
import { furnish } from "./screenshot_data.ts";
import { EMPTY, fullScenes, README, type Scene, WRONG_KEY } from "./screenshot_scenes.ts";

const USAGE = `usage: deno task screenshots [OPTION …] [SCENE | ROUTE …]
A SCENE is one of tests/dashboard/screenshot_scenes.ts ("job" means "job-log" too); a ROUTE is an address behind the #, such as
"/jobs?status=running". Without any: all scenes, of an empty server, of one that asks for a key, and of one with jobs of all kinds.
  --url URL        a server that is there, instead of those
  --key lat_…      its key
  --photographs F  a tar of images, split/class/file, to fill the server with; drawn ones without
  --keep DIR       the filled server's data: made there the first time, used again later
  --out DIR        where to (screenshots)
  --theme T        light or dark alone        --width N   1280 or 390 alone
  --full           whole pages, however long, instead of what the window shows
  --readme         the README's four alone, to tests/dashboard/screenshots`;
const SIZES = [{ width: 1280, height: 800 }, { width: 390, height: 844 }];
const THEMES = ["light", "dark"] as const;
const README_FOLDER = fromFileUrl(new URL("screenshots", import.meta.url));
/** What draws itself after its data have come: curves, maps, images. */
const DRAWN_MS = 1200;

const flags = parseArgs(Deno.args, {
  string: ["url", "out", "key", "photographs", "keep", "theme", "width"],
  boolean: ["full", "help", "readme"],
  default: { out: "screenshots" },
});
if (flags.help) {
  console.log(USAGE);
  Deno.exit(0);
}
const asked: string[] = flags._.map(String);
const wanted = ({ name }: Scene) =>
  (!flags.readme || README.some(([scene]) => scene === name)) &&
  (asked.length === 0 || asked.some((one) => name === one || name.startsWith(`${one}-`)));
const routes: Scene[] = asked.filter((one) => one.startsWith("/")).map((route) => ({
  ...{ route, name: route.replaceAll(/[^A-Za-z0-9]+/g, "_").replaceAll(/^_|_$/g, "") || "home" },
}));

await ensureDashboard(console.log);
const browser = await launchChromium();
try {
  if (flags.url) await shoot(flags.url, routes.length > 0 ? routes : await fullScenes(flags.url));
  else {
    if (EMPTY.some(wanted)) await withServer({}, (server) => shoot(server.url, EMPTY));
    if (wanted(WRONG_KEY)) await withKeys((server) => shoot(server.url, [WRONG_KEY]));
    await withServer({}, async (server) => {
      const { data } = await server.json("/v1/jobs?limit=1");
      if ((data as unknown[]).length === 0) await furnish(server, flags.photographs);
      await shoot(server.url, [...routes, ...await fullScenes(server.url)]);
    }, flags.keep);
  }
} finally {
  await browser.close();
}

/** Photographs those scenes that are wanted. */
async function shoot(url: string, scenes: Scene[]): Promise<void> {
  const chosen = scenes.filter((scene) => routes.includes(scene) || wanted(scene));
  await Deno.mkdir(flags.readme ? README_FOLDER : flags.out, { recursive: true });
  for (const theme of THEMES) {
    for (const viewport of SIZES) {
      if ((flags.theme ?? theme) !== theme || (Number(flags.width) || viewport.width) !== viewport.width) {
        continue;
      }
      const shown = flags.readme
        ? chosen.filter(({ name }) =>
          viewport.width > 1000 && README.some((one) => one[0] === name && one[1] === theme)
        )
        : chosen;
      if (shown.length > 0) await shootIn(browser, { url, theme, viewport, scenes: shown });
    }
  }
}

async function shootIn(browser: Browser, { url, theme, viewport, scenes }: {
  url: string;
  theme: typeof THEMES[number];
  viewport: { width: number; height: number };
  scenes: Scene[];
}): Promise<void> {
  const context = await browser.newContext({ colorScheme: theme, viewport, reducedMotion: "reduce" });
  if (flags.key) await context.addInitScript((key) => sessionStorage.setItem("latentd.key", key), flags.key);
  const page = await context.newPage();
  page.on(
    "console",
    (message) => message.type() === "error" && console.log(`  console: ${message.text()}`),
  );
  page.on("pageerror", (error) => console.log(`  exception: ${error.message}`));
  for (const { name, route, act } of scenes) {
    const path = flags.readme
      ? `${README_FOLDER}/${name}.png`
      : `${flags.out}/${name}-${theme}-${viewport.width}.png`;
    try {
      await page.goto(`${url}/#${route}`);
      if (name !== WRONG_KEY.name) await settled(page);
      await act?.(page);
      await drawn(page);
      await save(page, path);
      console.log(path);
    } catch (error) { // the others are still worth looking at
      console.log(`${path}: ${(error as Error).message.split("\n")[0]}`);
      Deno.exitCode = 1;
    }
  }
  await context.close();
}

/** Waits until nothing is grey any more, or long enough. */
async function drawn(page: Page): Promise<void> {
  await page.waitForTimeout(DRAWN_MS);
  await page.waitForFunction("!document.querySelector('.skeleton, .api-image-coming')", undefined, {
    timeout: 20_000,
  })
    .catch(() => {});
  await page.waitForTimeout(DRAWN_MS);
}

/** Says what is wider than the window, too. The README's are kept small, by a palette. */
async function save(page: Page, path: string): Promise<void> {
  const wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth") as number;
  if (wide > 0) console.log(`  ${wide} px wider than the window`);
  const png = await page.screenshot({ fullPage: flags.full });
  await Deno.writeFile(
    path,
    flags.readme
      ? await sharp(png).png({ palette: true, quality: 80, dither: 0, effort: 10 }).toBuffer()
      : png,
  );
}

async function withServer(
  env: Record<string, string>,
  act: (server: TestServer) => Promise<void>,
  keep?: string,
): Promise<void> {
  const dataDir = keep ?? await Deno.makeTempDir({ prefix: "latentd-screenshots-" });
  await Deno.mkdir(dataDir, { recursive: true });
  const server = await TestServer.start(await Deno.realPath(dataDir), env);
  try {
    await act(server);
  } finally {
    await server.stop();
    if (!keep) await Deno.remove(dataDir, { recursive: true });
  }
}

/** A server that asks for a key that nobody has. */
async function withKeys(act: (server: TestServer) => Promise<void>): Promise<void> {
  const API_KEYS_FILE = await Deno.makeTempFile({ prefix: "latentd-keys-", suffix: ".jsonl" });
  try {
    const args = ["task", "--quiet", "keys", "add", "--name", "reader", "--scopes", "read"];
    await new Deno.Command(Deno.execPath(), { args, env: { API_KEYS_FILE } }).output();
    await withServer({ API_KEYS_FILE }, act);
  } finally {
    await Deno.remove(API_KEYS_FILE);
  }
}
