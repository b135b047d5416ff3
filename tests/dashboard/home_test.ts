/// <reference lib="dom" />
// Where one comes to: three steps that are ticked off, then what goes on, what failed and what to do about it.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { standIns } from "../e2e/photographs.ts";
import { checkAccessibility, dashboardTest, settled } from "./browser.ts";

const PRETRAIN = {
  ...{ arch: "cifar_resnet8", px: 32, batch: 16, evaluate: null },
  ...{ projector: { hidden: 16, out: 8 }, predictor: { hidden: 16 } },
};

dashboardTest("home leads through the first steps, and then shows what goes on", async (stage, t) => {
  const { page, server, open, faults } = stage;
  const submit = async (config: object, kind = "pretrain"): Promise<string> => {
    const { data } = await server.json("/v1/datasets");
    const body = { kind, dataset: (data as { id: string }[])[0].id, config };
    return (await (await server.post("/v1/jobs", body)).json()).id;
  };
  const ended = (id: string) =>
    server.until(
      () => server.json(`/v1/jobs/${id}`),
      ({ status }) => ["succeeded", "failed"].includes(status),
    );
  const step = (name: string) => page.getByRole("listitem").filter({ hasText: name });
  let first = "";
  await t.step(
    "a server that is gone before it has answered is told, with what to do, and found again",
    async () => {
      for (const path of ["**/v1/key", "**/healthz"]) await page.route(path, (route) => route.abort());
      await page.goto(server.url);
      await page.getByRole("heading", { name: "No answer" }).waitFor();
      await page.getByText("deno task serve").first().waitFor();
      await checkAccessibility(page);
      await page.getByRole("button", { name: "Look again now" }).click();
      await page.unrouteAll();
      await page.getByRole("heading", { name: "Welcome to latentd" }).waitFor();
    },
  );
  await t.step("each step is ticked when it is done, and the next is the one to take", async () => {
    assertEquals(await step("Upload a dataset").getAttribute("aria-current"), "step");
    await server.json("/v1/datasets?name=shapes", {
      ...{ method: "POST", headers: { "Content-Type": "application/x-tar" }, body: await standIns() },
    });
    await page.getByRole("heading", { name: /^Upload a dataset ?, done$/ }).waitFor();
    assertEquals(await step("Start training").getAttribute("aria-current"), "step");
    first = await submit({ ...PRETRAIN, steps: 2 });
    await ended(first);
    await page.getByRole("heading", { name: /^Start training ?, done$/ }).waitFor();
    assertEquals(await step("Serve what it has learned").getAttribute("aria-current"), "step");
    const { data } = await server.json(`/v1/jobs/${first}/checkpoints`), [{ id }] = data as { id: string }[];
    await server.fetch("/v1/models/photos", {
      ...{ method: "PUT", headers: { "Content-Type": "application/json" } },
      body: JSON.stringify({ checkpoint: id }),
    });
    await page.getByText("Start training").waitFor({ state: "detached" }); // all are done: they make room
  });
  await t.step("a job that runs is shown with its curve as it grows", async () => {
    const id = await submit({ ...PRETRAIN, steps: 100_000, seed: 1 });
    const curve = page.getByRole("img", { name: /^Loss from/ }), last = page.getByText(/^to step/);
    await curve.waitFor();
    const before = await last.textContent();
    await page.waitForFunction(
      (text) => document.querySelector(".home-curve figcaption span:last-child")?.textContent !== text,
      before,
    );
    for (const colorScheme of ["light", "dark"] as const) {
      const own = await open({ colorScheme, viewport: { width: 390, height: 800 } });
      await own.goto(server.url);
      await settled(own);
      await checkAccessibility(own);
      const wide = await own.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert(wide <= 0, `the overview is ${wide} px wider than the window`);
      await own.context().close();
    }
    await checkAccessibility(page);
    await server.post(`/v1/jobs/${id}/cancel`, {});
  });
  await t.step("a job that has failed says why, and a link leads to what to do", async () => {
    const { DATA_DIR } = (await server.json("/v1/system")).settings as { DATA_DIR: string };
    const { checkpoint } = await server.json("/v1/models/photos") as unknown as { checkpoint: string };
    await Deno.writeTextFile(`${DATA_DIR}/checkpoints/${checkpoint}/model.safetensors`, "damaged");
    const id = await submit({ checkpoint, k: 5 }, "knn"), { status, error } = await ended(id);
    assertEquals(status, "failed");
    await page.getByText((error as { message: string }).message.slice(0, 40)).first().waitFor();
    await page.getByRole("link", { name: "See what to do" }).first().click();
    assertMatch(new URL(page.url()).hash, new RegExp(`^#/jobs/${id}`));
  });
  // The browser complains of what was kept from it, which is meant here.
  faults.splice(0, Infinity, ...faults.filter((fault) => !/ERR_FAILED/.test(fault)));
});
