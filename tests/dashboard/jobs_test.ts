/// <reference lib="dom" />
import { createHash } from "node:crypto";
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Response } from "playwright-core";
import type { TestServer } from "../e2e/server.ts";
import { standIns } from "../e2e/photographs.ts";
import { checkAccessibility, dashboardTest, settled } from "./browser.ts";

const CONFIG = {
  ...{ arch: "cifar_resnet8", px: 16, batch: 16, on_collapse: "warn" },
  ...{ projector: { hidden: 32, out: 16 }, predictor: { hidden: 32 } },
};
/** Weights that a step multiplies by −5 are soon no numbers any more. */
const DIVERGING = { name: "sgd", base_lr: 100, weight_decay: 1, warmup_epochs: 0 };

async function upload(server: TestServer): Promise<string> {
  const headers = { "Content-Type": "application/x-tar" };
  const init = { method: "POST", headers, body: await standIns() };
  const { id } = await server.json("/v1/datasets?name=shapes", init);
  await server.until(() => server.json(`/v1/datasets/${id}`), ({ status }) => status === "ready");
  return id as string;
}

dashboardTest("jobs are listed, followed, controlled, compared and judged", async (stage, t) => {
  const { page, server, open } = stage;
  await t.step("a server without jobs says how to start one", async () => {
    await page.goto(`${server.url}/#/jobs`);
    await settled(page);
    await page.getByText("No jobs yet").waitFor();
    await page.getByRole("link", { name: "Start the first one" }).waitFor();
  });
  const dataset = await upload(server);
  const submit = async (config: object, metadata: object = {}): Promise<string> => {
    const response = await server.post("/v1/jobs", {
      ...{ kind: "pretrain", dataset, metadata },
      config: { ...CONFIG, ...config },
    });
    assertEquals(response.status, 202, await response.clone().text());
    return (await response.json()).id;
  };
  const ask = (job: string) => server.json(`/v1/jobs/${job}`);
  const until = (job: string, wanted: string) =>
    server.until(() => ask(job), ({ status }) => status === wanted, 180);
  const failing = await submit({ steps: 300, evaluate: null, optimizer: DIVERGING });
  const short = await submit({ steps: 40, seed: 1 }, { name: "it's short" });
  const long = await submit({ steps: 100_000, seed: 2, evaluate: null });

  await t.step("the table shows each as it goes on, and the filter is in the address", async () => {
    const row = page.getByRole("row", { name: "it's short" });
    await row.getByText("Pretraining · shapes").waitFor();
    await row.getByText("succeeded").waitFor({ timeout: 180_000 });
    await row.getByText("100 %").waitFor();
    await page.getByLabel("Status").selectOption("failed");
    await page.waitForFunction(() => location.hash === "#/jobs?status=failed");
    await page.getByText("1 job", { exact: true }).waitFor();
    await page.goto(`${server.url}/#/jobs?kind=knn`);
    await page.getByText("No job is like that").waitFor();
    await page.getByRole("button", { name: "Show all jobs" }).click();
    await page.getByText("3 jobs", { exact: true }).waitFor();
  });
  await t.step("what a key may not do is not offered", async () => {
    const reader = await open();
    const json = { object: "key", name: "reader", scopes: ["read"], expires_at: null };
    await reader.route("**/v1/key", (route) => route.fulfill({ json }));
    await reader.goto(`${server.url}/#/jobs/${long}`);
    const pause = reader.getByRole("button", { name: "Pause" });
    await pause.waitFor();
    assertEquals(await pause.getAttribute("aria-disabled"), "true");
    assertMatch(await pause.getAttribute("title") ?? "", /scope "train"/);
    await reader.context().close();
  });
  await t.step("home shows what runs, with its curve as it grows", async () => {
    await server.until(() => ask(long), ({ status }) => status === "running", 180);
    await page.goto(server.url);
    await page.getByRole("img", { name: /^Loss from/ }).waitFor();
    const before = await page.getByText(/^to step/).textContent();
    await page.waitForFunction(
      (text) => document.querySelector(".home-curve figcaption span:last-child")?.textContent !== text,
      before,
    );
  });
  await t.step("a job that failed says why, and what to do", async () => {
    await page.goto(server.url);
    await page.getByRole("link", { name: "See what to do" }).first().click();
    await page.waitForFunction((id) => location.hash.startsWith(`#/jobs/${id}`), failing);
    const alert = page.getByRole("alert");
    await alert.getByText("diverged").waitFor();
    await alert.getByText(/Lower optimizer.base_lr/).waitFor();
    await page.getByRole("tab", { name: "Log", selected: true }).waitFor();
  });
  await t.step(
    "a zoom of one curve is all plots', is asked for in detail, and is in the address",
    async () => {
      await page.goto(`${server.url}/#/jobs/${long}`);
      await page.getByText("live", { exact: true }).waitFor();
      await page.getByText("healthy: 0.25").first().waitFor();
      const detail = page.waitForRequest((request) => /metrics\?.*after_step=/.test(request.url()));
      const canvas = page.getByRole("img", { name: /^Loss:/ }), box = (await canvas.boundingBox())!;
      await page.mouse.move(box.x + box.width * 0.4, box.y + 80);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.7, box.y + 80, { steps: 4 });
      await page.mouse.up();
      await detail;
      assertMatch(await page.evaluate(() => location.hash), /range=[\d.]+%7E[\d.]+/);
      await page.getByRole("button", { name: /^Steps/ }).click();
      await page.waitForFunction(() => !location.hash.includes("range"));
      await canvas.focus();
      await page.keyboard.press("+"); // the same by keyboard
      await page.waitForFunction(() => location.hash.includes("range"));
      await page.keyboard.press("Escape");
      await page.waitForFunction(() => !location.hash.includes("range"));
    },
  );
  await t.step("another job's curves are laid over, smoothed, by the address", async () => {
    await page.goto(`${server.url}/#/jobs/${long}?compare=${short}&smooth=0.6&x=time`);
    // By its name, where it has one.
    await page.getByRole("img", { name: new RegExp(`^Loss: job_…${long.slice(-8)} .*, it's short [\\d.]`) })
      .waitFor();
    await page.getByRole("button", { name: `Compare no more with ${short}` }).click();
    await page.waitForFunction(() => !location.hash.includes("compare"));
  });
  await t.step("the page of a job has no grave fault, and is as wide as a phone", async () => {
    const paths = ["/", "/jobs", `/jobs/${long}`];
    const tabs = ["checkpoints", "evaluations", "log", "config"].map((tab) => `/jobs/${short}?tab=${tab}`);
    for (
      const [colorScheme, width, asked] of [["light", 1280, paths], ["dark", 390, [
        ...paths,
        ...tabs,
      ]]] as const
    ) {
      const own = await open({ colorScheme, viewport: { width, height: 800 } });
      for (const path of asked) {
        await own.goto(`${server.url}/#${path}`);
        await settled(own);
        await checkAccessibility(own);
        const wide = await own.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert(wide <= 0, `${path} is ${wide} px wider than the window`);
      }
      await own.context().close();
    }
  });
  await t.step("a job is cancelled, once that is confirmed", async () => {
    await page.goto(`${server.url}/#/jobs/${long}`);
    await page.getByRole("button", { name: "Cancel", exact: true }).click();
    await page.getByRole("button", { name: "Cancel job" }).click();
    await page.getByText("cancelled", { exact: true }).first().waitFor();
    await until(long, "cancelled");
  });
  await t.step(
    "a table in which nothing changes stays, though the server does not send it again",
    async () => {
      await page.goto(`${server.url}/#/jobs`);
      const unchanged = (response: Response) =>
        /\/v1\/jobs\?/.test(response.url()) && response.status() === 304;
      for (let n = 0; n < 2; n++) await page.waitForResponse(unchanged); // the second is asked for once the first is shown
      assertEquals(await page.getByRole("row", { name: "it's short" }).count(), 1);
    },
  );
  await t.step("its files are downloaded as they are kept", async () => {
    await page.goto(`${server.url}/#/jobs/${short}?tab=checkpoints`);
    await page.getByRole("button", { name: "Download" }).first().click();
    const coming = page.waitForEvent("download");
    await page.getByRole("row", { name: "config.json" }).getByRole("link", { name: "Download" }).click();
    const bytes = await Deno.readFile((await (await coming).path())!);
    const hash = createHash("sha256").update(bytes).digest("hex");
    const { data } = await server.json(`/v1/jobs/${short}/checkpoints`) as unknown as {
      data: { step: number; files: { name: string; sha256: string }[] }[];
    };
    const { files } = data.toSorted((a, b) => b.step - a.step)[0];
    assertEquals(hash, files.find(({ name }) => name === "config.json")!.sha256);
    await page.keyboard.press("Escape");
  });
  await t.step("an evaluation is a job, whose result shows what was taken for what", async () => {
    await page.getByRole("button", { name: "Evaluate" }).first().click();
    await page.getByLabel("Neighbours").fill("5");
    await page.getByRole("dialog").getByRole("button", { name: "Evaluate" }).click();
    await page.getByRole("link", { name: "Open the job" }).click();
    await page.getByRole("heading", { level: 1, name: /^k-NN/ }).waitFor();
    const id = (await page.evaluate(() => location.hash)).split("/").at(-1)!;
    assertEquals((await ask(id)).given, ["/checkpoint", "/bank_split", "/query_split", "/k"]);
    const cells = page.getByRole("region", { name: "Confusion matrix" }).getByRole("cell");
    await cells.first().waitFor({ timeout: 120_000 });
    const counts = (await cells.allTextContents()).map(Number); // the corner is an empty one
    assertEquals(counts.reduce((sum, count) => sum + count, 0), 16);
    await page.getByRole("table", { name: "Accuracy by class" }).getByText("stripes").waitFor();
    await checkAccessibility(page);
    await page.goto(`${server.url}/#/jobs/${short}?tab=evaluations`);
    await page.getByText("k-NN, k = 5", { exact: true }).waitFor();
  });
  await t.step(
    "the snippet works as pasted: it submits what was given, and that resolves alike",
    async () => {
      await page.goto(`${server.url}/#/jobs/${short}?tab=config`);
      await page.getByRole("button", { name: "Copy the curl snippet" }).click();
      const snippet = await page.evaluate(() => navigator.clipboard.readText());
      const { success, stdout } = await new Deno.Command("bash", { args: ["-c", snippet], stderr: "null" })
        .output();
      assert(success);
      const { id, config, given, metadata } = JSON.parse(new TextDecoder().decode(stdout)),
        first = await ask(short);
      assert(id !== short);
      assertEquals([config, given, metadata], [first.config, first.given, first.metadata]);
      await (await server.post(`/v1/jobs/${id}/cancel`, {})).body?.cancel();
    },
  );
});
