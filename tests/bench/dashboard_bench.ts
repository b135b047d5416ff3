import { launchChromium } from "../dashboard/browser.ts";
import { TestServer } from "../e2e/server.ts";
import { ACTS } from "./dashboard_acts.ts";
import { benchDirectory, plant } from "./dashboard_data.ts";
import { type Seen, watch } from "./dashboard_page.ts";
import { digits, printTable } from "./figures.ts";
import { type OptionValues, UsageError } from "./options.ts";

export const DASHBOARD_OPTIONS = {
  jobs: { about: "that the database has", default: 20_000 },
  rows: { about: "of figures that one job has, which goes on meanwhile", default: 100_000, least: 2 },
  images: { about: "of 8 × 8 pixels that the dataset has", default: 100_000, least: 64 },
  points: { about: "that the map has, of clusters made up; UMAP lays out 20,000 of them", default: 50_000 },
  seconds: { about: "for which each screen is watched and used, about", default: 20 },
  screens: {
    about: "which: of home, jobs, job, dataset, map, umap, with commas",
    default: Object.keys(ACTS).join(","),
  },
} as const;
const PAINT_MS = 1500, TASK_MS = 200, FRAME_MS = 16.7;

/** Whether the dashboard stays usable over a large database, while a job runs: by Chromium's own account. */
export async function dashboard(
  { jobs, rows, images, points, seconds, screens }: OptionValues<typeof DASHBOARD_OPTIONS>,
): Promise<void> {
  const names = screens.split(","), known = DASHBOARD_OPTIONS.screens.default.split(",");
  const strange = names.find((name) => !known.includes(name));
  if (strange !== undefined) {
    throw new UsageError(
      `Cannot use --screens: must be of ${known.join(", ")}, got ${JSON.stringify(strange)}`,
    );
  }
  // A bench may write to its results alone.
  const built = await new Deno.Command(Deno.execPath(), { args: ["task", "-q", "dashboard"], stdout: "null" })
    .output();
  if (!built.success) {
    throw new Error(`Cannot build the dashboard: ${new TextDecoder().decode(built.stderr)}`);
  }
  const directory = benchDirectory();
  try {
    const maps = names.includes("map") || names.includes("umap");
    const { dataset, job, map } = await plant(directory, { jobs, rows, images, points: maps ? points : 0 });
    const addresses: Record<string, string> = {
      ...{ home: "/", jobs: "/jobs", job: `/jobs/${job}`, dataset: `/datasets/${dataset}`, map, umap: map },
    };
    Deno.env.set("TMPDIR", directory); // a bench may write there alone, and the browser's profile is a directory
    const server = await TestServer.start(directory), browser = await launchChromium();
    const seen: Record<string, Seen> = {};
    try {
      await server.post(`/v1/jobs/${job}/resume`, {});
      await server.until(() => server.json(`/v1/jobs/${job}`), ({ status }) => status === "running");
      for (const name of names) {
        const act = ACTS[name as keyof typeof ACTS];
        seen[name] = await watch(browser, `${server.url}/#${addresses[name]}`, act, seconds);
      }
    } finally {
      await browser.close();
      await server.stop();
    }
    report(seen);
    for (const [screen, figures] of Object.entries(seen)) {
      console.log(JSON.stringify({ bench: "dashboard", screen, jobs, rows, images, points, ...figures }));
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function report(seen: Record<string, Seen>): void {
  printTable(
    [
      ...["milliseconds", "first paint>", "data there>", "longest task at first>", "most CPU>"],
      ...["while live>", "traced>", "most CPU>", "of over 50 ms>", "targets"],
    ],
    Object.entries(seen).map(([name, one]) => [
      ...[name, digits(one.firstPaint), digits(one.ready), digits(one.longestAtFirst)],
      ...[
        digits(one.longestAtFirstCpu),
        digits(one.longestLive),
        digits(one.longest),
        digits(one.longestCpu),
        String(one.longTasks),
      ],
      isMet(one) ? "met" : "MISSED",
    ]),
  );
  console.log(`targets: first paint below ${PAINT_MS} ms, no task of more than ${TASK_MS} ms while live\n`);
  printTable(
    ["CPU ms a frame", "frames/s>", "script p50>", "p99>", "most>", "page's thread>", "drawing>", ""],
    Object.entries(seen).map(([name, { frames, seconds, pageCpu, drawCpu, came }]) => [
      ...[name, digits(frames.asked / seconds), digits(frames.p50), digits(frames.p99), digits(frames.max)],
      ...[digits(pageCpu), digits(drawCpu)],
      Object.entries(came).map(([what, value]) => `${what}: ${digits(value)}`).join(", "),
    ]),
  );
  console.log(
    `target: the map's script within the ${FRAME_MS} ms of a frame; there is no GPU here to draw it\n`,
  );
}

const isMet = ({ firstPaint, longestLive, longest }: Seen): boolean =>
  firstPaint < PAINT_MS && longestLive <= TASK_MS && longest <= TASK_MS;
