/// <reference lib="dom" />
// The whole way by the page alone, as a person goes it who has images and a server that is new: from the upload to a
// program that asks the model.
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Page } from "playwright-core";
import type { Point } from "../../src/dashboard/screens/map/camera.ts";
import { DENSE } from "../../src/dashboard/screens/jobs/curves/panels.ts";
import { pointsWithin } from "../../src/dashboard/screens/map/lasso.ts";
import { fewPhotographs } from "../e2e/photographs.ts";
import { dashboardTest, settled } from "./browser.ts";
import { dropFile } from "./drop_file.ts";
import { onTheMap } from "./on_the_map.ts";
import { runPasted } from "./run_pasted.ts";

const A_CLASS = { train: 24, test: 8 }, IMAGES = 2 * (A_CLASS.train + A_CLASS.test), DIM = 64;

const GIVEN = [
  ...["/arch", "/batch", "/evaluate", "/predictor/hidden", "/projector/hidden", "/px", "/steps"],
];

/** How many points the page says the curve of the loss has, and how it ends. */
const CURVE = /^Loss: (.*)\. ([\d,]+) points\./;
const pointsOf = async (page: Page): Promise<number> => {
  const label = await page.getByRole("img", { name: CURVE }).getAttribute("aria-label");
  return Number(CURVE.exec(label!)![2].replaceAll(",", ""));
};
const morePoints = (page: Page, than: number) =>
  page.waitForFunction(
    (than) => {
      const label = document.querySelector('[aria-label^="Loss:"]')?.getAttribute("aria-label") ?? "";
      return Number(/([\d,]+) points/.exec(label)?.[1].replaceAll(",", "")) > than;
    },
    than,
  );

dashboardTest(
  "from an empty installation to a model that programs ask, by the page alone",
  async (stage, t) => {
    const { page, server, crash, faults } = stage, { url } = server;
    const { tar, photo } = await fewPhotographs(A_CLASS);
    const folder = await Deno.makeTempDir({ prefix: "latentd-path-" });
    await Deno.writeFile(`${folder}/pictures.tar`, tar);
    await Deno.writeFile(`${folder}/photo.jpg`, photo);
    const step = (name: string) => page.getByRole("listitem").filter({ hasText: name });
    const nav = (name: string) =>
      page.getByRole("navigation", { name: "Main" }).getByRole("link", { name, exact: true }).click();
    const heading = (name: string | RegExp) => page.getByRole("heading", { level: 1, name }).waitFor();
    /** What the browser says of refusals and losses that are meant. */
    const forget = (meant: RegExp) =>
      void faults.splice(0, Infinity, ...faults.filter((fault) => !meant.test(fault)));
    let job = "";
    try {
      await t.step("an empty installation says what to do first, and leads there", async () => {
        await page.goto(url);
        await heading("Welcome to latentd");
        assertEquals(await step("Upload a dataset").getAttribute("aria-current"), "step");
        await page.getByRole("link", { name: "Upload images" }).click();
        await page.getByText("There are no datasets yet").waitFor();
      });
      await t.step("a tar is uploaded and becomes a dataset, whose step is ticked", async () => {
        await page.locator('input[type=file][aria-label="Choose files"]').setInputFiles(
          `${folder}/pictures.tar`,
        );
        await page.getByRole("button", { name: "Upload", exact: true }).click();
        const row = page.getByRole("row").filter({ hasText: "pictures" });
        await row.getByText("ready").waitFor();
        assertMatch(await row.innerText(), new RegExp(`\\b${IMAGES}\\b`));
        await page.goto(url);
        await page.getByRole("heading", { name: /^Upload a dataset ?, done$/ }).waitFor();
        assertEquals(await step("Start training").getAttribute("aria-current"), "step");
      });
      await t.step("a job is started by the form", async () => {
        await page.getByRole("link", { name: "New job" }).first().click();
        await heading("New job");
        await settled(page);
        const field = (name: string) => page.getByLabel(new RegExp(`^${name}( |$)`));
        await field("arch").selectOption("cifar_resnet8");
        for (const [name, value] of Object.entries({ px: "16", batch: "16", steps: "100000" })) {
          await field(name).fill(value);
        }
        const group = async (name: string) => {
          const summary = page.locator("summary").filter({ has: page.getByText(name, { exact: true }) });
          await summary.click();
          return page.locator("details").filter({ has: summary });
        };
        await (await group("evaluate")).getByLabel(/^none/).check();
        for (const name of ["projector", "predictor"]) {
          await (await group(name)).getByLabel(/^hidden/).fill("16");
        }
        await page.getByLabel(/^out( |$)/).fill("8");
        await page.getByRole("button", { name: "Start the job" }).click();
        await page.waitForFunction(() => location.hash.startsWith("#/jobs/job_"));
        forget(/status of 422/); // what is not filled in yet may be wrong by its default
        job = page.url().split("/").at(-1)!;
        const { config, given } = await server.json(`/v1/jobs/${job}`) as unknown as {
          config: { arch: string };
          given: string[];
        };
        assertEquals([config.arch, GIVEN.filter((each) => !given.includes(each))], ["cifar_resnet8", []]);
      });
      await t.step("its curve grows while one looks", async () => {
        await page.getByText("live", { exact: true }).waitFor();
        await morePoints(page, await pointsOf(page));
      });
      await t.step("a pause is shown at once and keeps a checkpoint, and a resume goes on", async () => {
        const answered = Promise.withResolvers<void>();
        await page.route("**/pause", async (route) => {
          await answered.promise;
          await route.continue();
        });
        const paused = page.getByText("paused", { exact: true }).first();
        await page.getByRole("button", { name: "Pause", exact: true }).click();
        await paused.waitFor(); // the server has not heard of it yet
        assertEquals((await server.json(`/v1/jobs/${job}`)).status, "running");
        answered.resolve();
        await server.until(() => server.json(`/v1/jobs/${job}`), ({ status }) => status === "paused");
        const before = await pointsOf(page);
        await page.getByRole("button", { name: "Resume", exact: true }).click();
        await page.getByText("live", { exact: true }).waitFor();
        await morePoints(page, before);
      });
      await t.step(
        "a crash is told; the stream goes on by Last-Event-ID, and no row is lost or doubled",
        async () => {
          const startAgain = await crash(), banner = page.locator(".banner");
          await banner.waitFor();
          assertMatch(await banner.innerText(), /^Connection lost\. Retrying/);
          await page.getByText("reconnecting").waitFor();
          const before = await pointsOf(page); // what was known is still there
          const again = page.waitForRequest((request) =>
            request.url().endsWith(`/${job}/events`) && Number(request.headers()["last-event-id"]) > 0
          );
          await startAgain();
          await again;
          await banner.waitFor({ state: "detached" });
          forget(/net::ERR_/);
          await page.getByText("live", { exact: true }).waitFor();
          await morePoints(page, before);
          await page.getByRole("button", { name: "Pause", exact: true }).click();
          await server.until(() => server.json(`/v1/jobs/${job}`), ({ status }) => status === "paused");
          const { rows } = await server.json(`/v1/jobs/${job}/metrics?format=columns&columns=${DENSE}`);
          await morePoints(page, rows as number - 1);
          assertEquals(await pointsOf(page), rows);
        },
      );
      await t.step("a checkpoint is served under a name", async () => {
        await page.getByRole("tab", { name: "Checkpoints" }).click();
        // Another may come meanwhile, of the pause: it is the one that is read here.
        const rows = page.getByRole("row").filter({
          has: page.getByRole("button", { name: "Serve", exact: true }),
        });
        const [, end] = /ckpt_…(\w+)/.exec(await rows.first().innerText())!;
        await rows.filter({ hasText: end }).getByRole("button", { name: "Serve", exact: true }).click();
        const dialog = page.getByRole("dialog");
        await dialog.getByLabel("Alias").fill("Not an alias");
        await dialog.getByRole("button", { name: "Serve", exact: true }).click();
        await dialog.getByText(/Cannot set the alias/).waitFor();
        forget(/status of 422/);
        await dialog.getByLabel("Alias").fill("pictures-v1");
        await dialog.getByRole("button", { name: "Serve", exact: true }).click();
        await dialog.getByText("from now on").waitFor();
        const { checkpoint } = await server.json("/v1/models/pictures-v1");
        assertMatch(checkpoint as string, new RegExp(`${end}$`));
        await dialog.getByRole("button", { name: "Close" }).last().click();
      });
      const { data: [{ id: dataset }] } = await server.json("/v1/datasets") as unknown as {
        data: { id: string }[];
      };
      await t.step("a dropped photograph's neighbours are those of the API, itself the first", async () => {
        await nav("Neighbours");
        await page.getByText("Whose neighbours?").waitFor();
        await dropFile(page, ".neighbors-drop", { name: "photo.png", type: "image/png", bytes: photo });
        const list = page.getByRole("list", { name: "Neighbours by pictures-v1" });
        await list.getByRole("listitem").nth(23).waitFor();
        const input = photo.toBase64(), body = { model: "pictures-v1", dataset, input, k: 24 };
        const { data: [{ neighbors }] } = await (await server.post("/v1/neighbors", body)).json() as {
          data: [{ neighbors: { n: number; distance: number }[] }];
        };
        const shown = await list.getByRole("link").evaluateAll((links) =>
          links.map((link) => Number(/item=(\d+)/.exec(link.getAttribute("href")!)![1]))
        );
        assertEquals(shown, neighbors.map(({ n }) => n));
        assertEquals(neighbors[0].distance.toFixed(4), "0.0000");
        await list.getByText(neighbors[23].distance.toFixed(4)).first().waitFor();
        forget(/status of 503/); // while the dataset is embedded, or the worker that embeds is not up again
      });
      await t.step("the lasso on the map leads to the images that it goes round", async () => {
        await nav("Map");
        await page.getByText("of all variance").waitFor();
        const { box, places } = await onTheMap(page, server, dataset, "pictures-v1");
        // Whole pixels, as a mouse tells its places: a point beside the line is on the same side for both.
        const at = (x: number, y: number): Point => ({
          x: Math.round(box.x + x * box.width),
          y: Math.round(box.y + y * box.height),
        });
        const line = [at(0.02, 0.2), at(0.5, 0.12), at(0.55, 0.9), at(0.1, 0.95)];
        const within = pointsWithin(line, Float32Array.from(places.flatMap(({ x, y }) => [x, y])));
        assert(within.length > 0 && within.length < places.length, `${within.length} of ${places.length}`);
        await page.getByRole("button", { name: "Lasso", exact: true }).click();
        await page.mouse.move(line[0].x, line[0].y);
        await page.mouse.down();
        // A page that is busy meanwhile is told of all three moves at once.
        const busy = page.evaluate(() => {
          for (const end = performance.now() + 500; performance.now() < end;);
        });
        await Promise.all([busy, ...line.slice(1).map(({ x, y }) => page.mouse.move(x, y))]);
        await page.mouse.up();
        await page.getByRole("heading", { name: `${within.length} chosen` }).waitFor();
        await page.getByRole("button", { name: "Copy their numbers" }).click();
        const copied = await page.evaluate(() => navigator.clipboard.readText());
        assertEquals(copied.split("\n").map(Number), within);
        const first = page.getByRole("region", { name: "Chosen images" }).getByRole("button").first();
        assertEquals((await first.getAttribute("aria-label"))!.split(",")[0], `Image ${within[0]}`);
        await first.click();
        await page.getByRole("heading", { name: `Image ${within[0]}`, exact: true }).waitFor();
        const link = await page.getByRole("link", { name: "Its neighbours" }).getAttribute("href");
        assertEquals(new URLSearchParams(link!.split("?")[1]).get("item"), `${within[0]}`);
      });
      await t.step("each snippet of the model prints its embedding as it is pasted", async () => {
        await nav("Models");
        await page.getByRole("link", { name: "pictures-v1" }).first().click();
        await heading("pictures-v1");
        await settled(page);
        for (const name of ["curl", "fetch", "openai"] as const) {
          const said = await runPasted(page, name, folder);
          if (name === "curl") assertEquals(JSON.parse(said).data[0].embedding.length, DIM);
          else assertMatch(said, new RegExp(`^${DIM} \\[`), name);
        }
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);
