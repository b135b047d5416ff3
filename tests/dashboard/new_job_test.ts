/// <reference lib="dom" />
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Page } from "playwright-core";
import { standIns } from "../e2e/photographs.ts";
import type { TestServer } from "../e2e/server.ts";
import { checkAccessibility, dashboardTest, settled } from "./browser.ts";

const TINY = {
  ...{ arch: "cifar_resnet8", px: 16, batch: 8, steps: 2, evaluate: null },
  ...{ projector: { hidden: 16, out: 8 }, predictor: { hidden: 16 } },
};

async function upload(server: TestServer): Promise<string> {
  const headers = { "Content-Type": "application/x-tar" };
  const { id } = await server.json("/v1/datasets?name=Drawn", {
    method: "POST",
    headers,
    body: await standIns(),
  });
  await server.until(() => server.json(`/v1/datasets/${id}`), ({ status }) => status === "ready");
  return String(id);
}
const jobsOf = async (server: TestServer) =>
  (await server.json("/v1/jobs")).data as { id: string; kind: string; config: unknown; given: string[] }[];
/** What the browser says of answers that a test has meant. */
const forget = (faults: string[], status: RegExp) => {
  for (let n = faults.length - 1; n >= 0; n--) if (status.test(faults[n])) faults.splice(n, 1);
};
const field = (page: Page, name: string) => page.getByLabel(new RegExp(`^${name}( |$)`));

dashboardTest(
  "a job is begun by the form, and views are looked at",
  async ({ page, server, open, faults }, t) => {
    const dataset = await upload(server);

    await t.step("the fields are the document's, with its words, and groups are folded", async () => {
      await page.goto(`${server.url}/#/new`);
      await settled(page);
      await field(page, "batch").waitFor();
      await page.getByText("Images a step; where it is left out 256").waitFor();
      assertEquals(await page.getByLabel("name", { exact: true }).isVisible(), false);
      await page.getByText("train 96 · 2 classes").waitFor();
    });

    await t.step("what is left out shows what the server would make of it, and what that takes", async () => {
      await field(page, "arch").selectOption("cifar_resnet8");
      await field(page, "epochs").fill("2");
      await page.locator(".newjob-wrong", { hasText: "batch" }).waitFor(); // what is left out is wrong: 96 images are too few
      await field(page, "batch").fill("16");
      const filled = (id: string | null) =>
        document.getElementById(id!)?.getAttribute("placeholder") === "32";
      await page.waitForFunction(filled, await field(page, "px").getAttribute("id"));
      await page.getByText("fits", { exact: true }).waitFor();
      await page.getByRole("img", { name: /iB of .*iB$/ }).waitFor();
      await page.getByRole("button", { name: "Leave epochs out" }).click();
      assertEquals(await field(page, "epochs").inputValue(), "");
      forget(faults, /422/);
    });

    await t.step(
      "a double click on what is wrong shows each mistake at its field, and goes to the first",
      async () => {
        await field(page, "batch").fill("1");
        await page.locator("summary", { hasText: "optimizer" }).click();
        await page.getByLabel(/^name$/).selectOption("adamw");
        await field(page, "base_lr").fill("4");
        await page.locator("summary", { hasText: "optimizer" }).click(); // folded again: the mistake is in there
        await page.getByRole("button", { name: "Start the job" }).dblclick();
        await page.getByText(/settings are wrong\.$/).waitFor();
        await page.waitForFunction(() => document.activeElement?.getAttribute("aria-invalid") === "true");
        const label = await page.evaluate(() =>
          (document.activeElement as HTMLInputElement).labels![0].textContent
        );
        assertMatch(label!, /^batch/);
        const describedBy = await field(page, "epochs").getAttribute("aria-describedby");
        assertMatch(
          await page.locator(`[id="${describedBy!.split(" ").at(-1)}"]`).innerText(),
          /epochs or steps/,
        );
        assertEquals(
          await page.locator("summary", { hasText: "optimizer" }).getByText("1 wrong").isVisible(),
          true,
        );
        assertEquals(await jobsOf(server), []);
        await checkAccessibility(page);
        forget(faults, /422|404/);
      },
    );

    await t.step(
      "what an address names is filled in; a double click makes one job, which is gone to",
      async () => {
        const query = Object.entries({ ...TINY, evaluate: "null", dataset, kind: "pretrain" }).map((
          [name, value],
        ) => `${name}=${encodeURIComponent(typeof value === "object" ? JSON.stringify(value) : value)}`);
        await page.goto(`${server.url}/#/new?${query.join("&")}`);
        await settled(page);
        assertEquals(await field(page, "batch").inputValue(), "8");
        await page.getByText("2 given").first().waitFor();
        await page.getByRole("button", { name: "Start the job" }).dblclick();
        await page.waitForFunction(() => location.hash.startsWith("#/jobs/job_"));
        const jobs = await jobsOf(server);
        assertEquals(jobs.length, 1);
        assertEquals(await page.evaluate(() => location.hash), `#/jobs/${jobs[0].id}`);
        assertEquals(jobs[0].given.includes("/projector/hidden"), true);
        forget(faults, /404|422/);
      },
    );

    const [job] = await jobsOf(server);
    await server.until(() => server.json(`/v1/jobs/${job.id}`), ({ status }) => status === "succeeded");

    await t.step(
      "a job is asked for again as it was; its checkpoint is picked for another kind",
      async () => {
        await page.goto(`${server.url}/#/new?like=${job.id}`);
        await settled(page);
        assertEquals(await field(page, "batch").inputValue(), "8");
        await page.getByRole("radio", { name: /k-NN/ }).check();
        const { data: [{ id }] } = await server.json("/v1/checkpoints") as unknown as {
          data: { id: string }[];
        };
        await field(page, "checkpoint").selectOption(id);
        await field(page, "k").fill("3, 5");
        await field(page, "query_split").selectOption("test");
        await page.getByLabel("Metadata", { exact: true }).fill("team = search");
        await page.getByRole("button", { name: "Copy as curl" }).click();
        const copied = await page.evaluate(() => navigator.clipboard.readText());
        const done = await new Deno.Command("bash", { args: ["-c", `${copied} -sS`] }).output();
        const answer = JSON.parse(new TextDecoder().decode(done.stdout));
        assertEquals([answer.kind, answer.config.k, answer.metadata], ["knn", [3, 5], { team: "search" }]);
        forget(faults, /404|422/);
      },
    );

    await t.step(
      "a picture's views change with the seed and the augmentation, and the address has both",
      async () => {
        await page.goto(`${server.url}/#/views?dataset=${dataset}&item=3&pairs=2`);
        await settled(page);
        const tiles = page.getByRole("img", { name: /^View \d of image 3, pair/ });
        await tiles.first().waitFor();
        assertEquals(await tiles.count(), 4);
        const picture = () => tiles.first().locator("img").getAttribute("src");
        const before = await picture();
        await page.getByRole("button", { name: "The next seed" }).click();
        await page.waitForFunction(
          (src) => document.querySelector(".views-tile img")!.getAttribute("src") !== src,
          before,
        );
        assertMatch(page.url(), /seed=1/);
        await field(page, "augmentation").selectOption("in full …");
        const flip = page.getByRole("group", { name: "view1" }).getByLabel(/^flip/);
        assertEquals(await flip.inputValue(), "0.5"); // the preset's
        await flip.fill("2");
        await page.getByText(/must be at most 1/).waitFor();
        await flip.fill("1");
        await page.waitForFunction(() => /augmentation=.*flip%22%3A1[^.]/.test(location.hash));
        await page.getByRole("button", { name: "Image 5" }).click();
        await page.getByRole("img", { name: "View 1 of image 5, pair 1" }).waitFor();
        await checkAccessibility(page);
        await page.getByRole("link", { name: "Use in a new job" }).click();
        await page.waitForFunction(() => location.hash.startsWith("#/new?"));
        await settled(page);
        assertEquals(await page.getByRole("group", { name: "view1" }).getByLabel(/^flip/).inputValue(), "1");
        await page.getByRole("img", { name: /^View 1 of image \d+, pair 4/ }).waitFor();
        forget(faults, /422|404/);
      },
    );

    const narrow = [
      ["light", ["/new?kind=pretrain"]],
      ["dark", ["/new?kind=linear_probe", `/views?dataset=${dataset}`]],
    ] as const;
    for (const [colorScheme, paths] of narrow) {
      await t.step(`neither screen has a grave fault on a narrow window, ${colorScheme}`, async () => {
        const own = await open({ colorScheme, viewport: { width: 390, height: 800 } });
        for (const path of paths) {
          await own.goto(`${server.url}/#${path}`);
          await settled(own);
          await checkAccessibility(own);
          const wide = await own.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          assert(wide <= 0, `${path} is ${wide} px wider than the window`);
        }
        await own.context().close();
      });
    }
  },
);
