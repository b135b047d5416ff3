import { ensureDashboard } from "../../src/setup/build_dashboard.ts";
import { launchChromium } from "../dashboard/browser.ts";
import { TestServer } from "../e2e/server.ts";
import { benchDirectory, plant } from "./dashboard_data.ts";
import { type Seen, watch } from "./dashboard_page.ts";
import { digits, printTable } from "./figures.ts";
import { type OptionValues, UsageError } from "./options.ts";

export const DASHBOARD_OPTIONS = {
  jobs: { about: "that the database has", default: 20_000 },
  rows: { about: "of figures that one job has, which goes on meanwhile", default: 100_000, least: 2 },
  images: { about: "of 8 × 8 pixels that the dataset has", default: 100_000, least: 64 },
  seconds: { about: "for which each screen is watched, and scrolled", default: 20 },
  screens: {
    about: "which: of home, jobs, job, dataset, map, with commas",
    default: "home,jobs,job,dataset,map",
  },
} as const;
const PAINT_MS = 1500, TASK_MS = 200;

/** Whether the dashboard stays usable over a large database, while a job runs: by Chromium's own account. */
export async function dashboard(
  { jobs, rows, images, seconds, screens }: OptionValues<typeof DASHBOARD_OPTIONS>,
): Promise<void> {
  const names = screens.split(","), known = DASHBOARD_OPTIONS.screens.default.split(",");
  const strange = names.find((name) => !known.includes(name));
  if (strange !== undefined) {
    throw new UsageError(
      `Cannot use --screens: must be of ${known.join(", ")}, got ${JSON.stringify(strange)}`,
    );
  }
  await ensureDashboard((line) => console.error(line));
  const directory = benchDirectory();
  try {
    const { dataset, job, model } = await plant(directory, {
      jobs,
      rows,
      images,
      map: names.includes("map"),
    });
    const addresses: Record<string, string> = {
      ...{ home: "/", jobs: "/jobs", job: `/jobs/${job}`, dataset: `/datasets/${dataset}` },
      map: `/map?dataset=${dataset}&model=${model}`,
    };
    Deno.env.set("TMPDIR", directory); // a bench may write there alone, and the browser's profile is a directory
    const server = await TestServer.start(directory), browser = await launchChromium();
    const seen: Record<string, Seen> = {};
    try {
      await server.post(`/v1/jobs/${job}/resume`, {});
      await server.until(() => server.json(`/v1/jobs/${job}`), ({ status }) => status === "running");
      for (const name of names) {
        seen[name] = await watch(browser, `${server.url}/#${addresses[name]}`, seconds);
      }
    } finally {
      await browser.close();
      await server.stop();
    }
    report(seen);
    for (const [screen, figures] of Object.entries(seen)) {
      console.log(JSON.stringify({ bench: "dashboard", screen, jobs, rows, images, seconds, ...figures }));
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function report(seen: Record<string, Seen>): void {
  printTable(
    [
      ...["milliseconds", "first paint>", "data there>", "longest task at first>", "longest while live>"],
      ...["traced>", "of over 50 ms>", "targets"],
    ],
    Object.entries(seen).map(([name, one]) => [
      ...[
        name,
        digits(one.firstPaint),
        digits(one.ready),
        digits(one.longestAtFirst),
        digits(one.longestLive),
      ],
      ...[digits(one.longestTraced), String(one.longTasks), isMet(one) ? "met" : "MISSED"],
    ]),
  );
  console.log(`targets: first paint below ${PAINT_MS} ms, no task of more than ${TASK_MS} ms while live\n`);
}

const isMet = ({ firstPaint, longestLive, longestTraced }: Seen): boolean =>
  firstPaint < PAINT_MS && longestLive <= TASK_MS && longestTraced <= TASK_MS;
