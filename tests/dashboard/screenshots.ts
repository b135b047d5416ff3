// `deno task screenshots`: PNGs of the dashboard's screens, light and dark, for a desk and for a phone, to be looked at.
import { parseArgs } from "@std/cli/parse-args";
import { ROUTES } from "../../src/dashboard/routes.ts";
import { ensureDashboard } from "../../src/setup/build_dashboard.ts";
import { TestServer } from "../e2e/server.ts";
import { launchChromium, settled } from "./browser.ts";

const USAGE =
  `usage: deno task screenshots [--url http://127.0.0.1:8000] [--out screenshots] [--full] [--key lat_…] [ROUTE …]
Without --url an empty server is started for it. ROUTE is an address behind the #, such as /jobs or "/jobs?status=running";
without any, all that need no id. --full: whole pages, however long, instead of what the window shows.`;
const SIZES = [{ width: 1280, height: 800 }, { width: 390, height: 844 }];
/** What draws itself after its data have come: curves, maps, images. */
const DRAWN_MS = 800;

const flags = parseArgs(Deno.args, {
  string: ["url", "out", "key"],
  boolean: ["full", "help"],
  default: { out: "screenshots" },
});
if (flags.help) {
  console.log(USAGE);
  Deno.exit(0);
}
await ensureDashboard(console.log);
const routes = flags._.length > 0
  ? flags._.map(String)
  : ROUTES.map(({ path }) => path).filter((path) => !path.includes(":"));
const dataDir = await Deno.makeTempDir({ prefix: "latentd-screenshots-" });
const server = flags.url ? undefined : await TestServer.start(dataDir);
const url = flags.url ?? server!.url, browser = await launchChromium();
try {
  await Deno.mkdir(flags.out, { recursive: true });
  for (const colorScheme of ["light", "dark"] as const) {
    for (const viewport of SIZES) {
      const context = await browser.newContext({ colorScheme, viewport });
      if (flags.key) {
        await context.addInitScript((key) => sessionStorage.setItem("latentd.key", key), flags.key);
      }
      const page = await context.newPage();
      page.on(
        "console",
        (message) => message.type() === "error" && console.log(`  console: ${message.text()}`),
      );
      page.on("pageerror", (error) => console.log(`  exception: ${error.message}`));
      for (const route of routes) {
        await page.goto(`${url}/#${route}`);
        await settled(page);
        await page.waitForTimeout(DRAWN_MS);
        const name = route.replaceAll(/[^A-Za-z0-9]+/g, "_").replaceAll(/^_|_$/g, "") || "home";
        const path = `${flags.out}/${name}-${colorScheme}-${viewport.width}.png`;
        await page.screenshot({ path, fullPage: flags.full });
        console.log(path);
      }
      await context.close();
    }
  }
} finally {
  await browser.close();
  await server?.stop();
  await Deno.remove(dataDir, { recursive: true });
}
