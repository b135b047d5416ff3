/// <reference lib="dom" />
import { Buffer } from "node:buffer";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { packTar } from "modern-tar";
import type { Page } from "playwright-core";
import { standIns } from "../e2e/photographs.ts";
import { encodePng } from "../../src/data/encode_png.ts";
import { checkAccessibility, dashboardTest, settled } from "./browser.ts";

const SECONDS = { timeout: 120_000 };
const CIFAR_IMAGES = 2400;
const entry = (name: string, body: Uint8Array<ArrayBuffer>) => ({
  header: { name, size: body.length },
  body,
});
/** A picture of one colour, another for each `seed`. */
const plain = async (seed: number) =>
  new Uint8Array(
    await encodePng({
      ...{ width: 8, height: 8 },
      pixels: Uint8Array.from({ length: 192 }, (_, i) => (seed * (i % 3 + 7)) % 256),
    }),
  );
/** CIFAR's binary version, of noise: megabytes and thousands of images that need no decoder. */
function cifarTar(): Promise<Uint8Array<ArrayBuffer>> {
  const records = new Uint8Array(CIFAR_IMAGES * 3073);
  for (let n = 0; n < CIFAR_IMAGES; n++) {
    records.fill((n * 37) % 251, n * 3073, (n + 1) * 3073);
    records[n * 3073] = n % 10;
    records[n * 3073 + 1 + n % 3000] ^= n % 255;
  }
  return packTar([entry("cifar/data_batch_1.bin", records)]);
}
const fileInput = (page: Page, label: string) => page.locator(`input[type=file][aria-label="${label}"]`);
const rowOf = (page: Page, name: string) =>
  page.getByRole("row").filter({ has: page.getByRole("link", { name, exact: true }) });
const upload = async (page: Page, name: string) => {
  const form = page.getByRole("form", { name: "New dataset" });
  await form.getByLabel("Name").fill(name);
  await form.getByRole("button", { name: "Upload" }).click();
};
const drop = (page: Page, files: { name: string; bytes: number[] }[]) =>
  page.evaluate((files) => {
    const dataTransfer = new DataTransfer();
    for (const { name, bytes } of files) dataTransfer.items.add(new File([new Uint8Array(bytes)], name));
    for (const type of ["dragenter", "dragover", "drop"]) {
      globalThis.dispatchEvent(new DragEvent(type, { dataTransfer, cancelable: true }));
    }
  }, files);

dashboardTest("datasets are uploaded by the page, looked through and deleted", async (stage, t) => {
  const { page, server, open, faults } = stage, work = await Deno.makeTempDir({ prefix: "latentd-files-" });
  page.on("dialog", (dialog) => dialog.accept()); // a page with an upload asks before it goes
  const choose = (tile: number) => page.locator(`[data-place="${tile}"]`);
  const shown = page.locator(".datasets-shown");
  const toList = async () => {
    await page.goto(`${server.url}/#/datasets`);
    await page.locator(".datasets-drop").waitFor(); // the screen before it may be there for a moment
  };
  try {
    await t.step("a tar is chosen and becomes a dataset, whose progress the list shows", async () => {
      await Deno.writeFile(`${work}/shapes.tar`, await standIns());
      await page.goto(`${server.url}/#/datasets`);
      await page.getByText("There are no datasets yet").waitFor();
      await fileInput(page, "Choose files").setInputFiles(`${work}/shapes.tar`);
      await upload(page, "shapes");
      await rowOf(page, "shapes").getByText("ready").waitFor(SECONDS);
      assertMatch(await rowOf(page, "shapes").innerText(), /112/);
    });
    await t.step("its classes and splits filter its images, and a link keeps the filter", async () => {
      await page.getByRole("link", { name: "shapes", exact: true }).click();
      await choose(0).waitFor();
      assertEquals(await shown.innerText(), "112 images");
      await page.getByRole("button", { name: /^disc/ }).click();
      await page.getByText("56 of 112 images").waitFor();
      await page.getByRole("combobox", { name: "Split" }).selectOption("test");
      await page.getByText("8 of 112 images").waitFor();
      await page.reload();
      await page.getByText("8 of 112 images").waitFor();
      assertEquals(await page.getByRole("button", { name: /^disc/ }).getAttribute("aria-pressed"), "true");
      assertMatch(await choose(7).getAttribute("aria-label") ?? "", /^Image \d+: test, disc$/);
      await checkAccessibility(page);
    });
    await t.step("an image opens large, with its path; arrows go on to the next", async () => {
      await choose(0).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByText("test/disc/0.png").waitFor();
      await page.keyboard.press("ArrowRight");
      await dialog.getByText("2 of 8").waitFor();
      const image = dialog.getByRole("img");
      await image.waitFor();
      await page.waitForFunction(() =>
        document.querySelector<HTMLImageElement>("dialog img")?.naturalWidth === 32
      );
      assertMatch(
        await dialog.getByRole("link", { name: "Its views" }).getAttribute("href") ?? "",
        /item=\d+/,
      );
      await checkAccessibility(page);
      await page.keyboard.press("Escape");
      await dialog.waitFor({ state: "hidden" });
      await page.waitForFunction(() => !location.hash.includes("item="));
      await page.waitForFunction(() => document.activeElement?.getAttribute("data-place") === "1");
    });
    await t.step("dropped images, one of them damaged, are packed and uploaded", async () => {
      await toList();
      const files = await Promise.all(["a.png", "b.png", "c.png"].map(async (name, n) => ({
        name,
        bytes: [...await plain(n + 1)].slice(0, name === "c.png" ? 60 : undefined),
      })));
      await drop(page, [...files, { name: "notes.txt", bytes: [1] }]);
      await page.getByText("1 file of another kind left out").waitFor();
      await page.getByLabel("May be rejected").fill("50");
      await upload(page, "dropped");
      await rowOf(page, "dropped").getByText("ready").waitFor(SECONDS);
      await page.getByRole("link", { name: "dropped", exact: true }).click();
      await choose(1).waitFor();
      await page.getByRole("tab", { name: "Rejected 1" }).click();
      await page.getByRole("rowheader", { name: "c.png" }).waitFor();
    });
    await t.step("a folder says splits and classes, and images in both splits are told", async () => {
      for (const [n, path] of ["train/red", "train/blue", "test/red"].entries()) {
        await Deno.mkdir(`${work}/folder/${path}`, { recursive: true });
        await Deno.writeFile(`${work}/folder/${path}/1.png`, await plain(n % 2 + 1));
      }
      await Deno.writeTextFile(`${work}/folder/.hidden.png`, "");
      await toList();
      await fileInput(page, "Choose a folder").setInputFiles(`${work}/folder`);
      assertEquals(await page.getByLabel("Name").inputValue(), "folder");
      await upload(page, "folder");
      await rowOf(page, "folder").getByText("ready").waitFor(SECONDS);
      await page.getByRole("link", { name: "folder", exact: true }).click();
      await page.getByRole("tab", { name: "Duplicates 1" }).click();
      await page.getByText("train / red").first().waitFor();
      await page.getByTitle("folder/test/red/1.png").click();
      await page.getByRole("dialog").getByText("folder/test/red/1.png").waitFor();
      await page.keyboard.press("Escape");
    });
    await t.step("what is neither an archive nor an image is refused by the page itself", async () => {
      await toList();
      await drop(page, [{ name: "notes.txt", bytes: [1] }]);
      await page.getByRole("alert").getByText("None of that is an archive").waitFor();
    });
    await t.step("an upload that a reload broke off goes on from where it was", async () => {
      const bytes = await cifarTar();
      await Deno.writeFile(`${work}/noise.tar`, bytes);
      const network = await page.context().newCDPSession(page);
      const limit = (uploadThroughput: number) =>
        network.send("Network.emulateNetworkConditions", {
          ...{ offline: false, latency: 0, downloadThroughput: -1, uploadThroughput },
        });
      await network.send("Network.enable");
      await limit(1e6);
      await fileInput(page, "Choose files").setInputFiles(`${work}/noise.tar`);
      await upload(page, "noise");
      const bar = page.getByRole("progressbar", { name: "Upload of noise" });
      await bar.waitFor();
      await page.waitForFunction(() =>
        document.querySelector<HTMLProgressElement>('[aria-label="Upload of noise"]')!.value > 0.2
      );
      await page.getByRole("button", { name: "Pause" }).click();
      await page.getByText("paused").waitFor();
      await page.getByRole("button", { name: "Resume" }).click();
      await page.getByRole("button", { name: "Pause" }).waitFor();
      await page.reload();
      await page.getByText(/of noise\.tar is missing/).waitFor();
      await limit(-1);
      faults.length = 0; // requests that were given up
      const offsets: number[] = [];
      page.on("request", (request) => {
        if (request.method() === "PATCH") offsets.push(Number(request.headers()["upload-offset"]));
      });
      await fileInput(page, "Choose noise.tar again").setInputFiles(`${work}/shapes.tar`);
      await page.getByText("That is not what was being uploaded").waitFor();
      await fileInput(page, "Choose noise.tar again").setInputFiles(`${work}/noise.tar`);
      await rowOf(page, "noise").getByText("ready").waitFor(SECONDS);
      assert(offsets.length > 0 && offsets[0] > 0.1 * bytes.length, `it began anew: ${offsets}`);
      assertEquals(
        await page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith("tus"))),
        [],
      );
    });
    await t.step("thousands of images scroll both ways, and only those that are seen are there", async () => {
      await page.getByRole("link", { name: "noise", exact: true }).click();
      await choose(0).waitFor();
      await page.getByLabel("Go to image").fill("2399");
      await page.getByRole("button", { name: "Go", exact: true }).click();
      await choose(2399).waitFor();
      assertEquals(await choose(0).count(), 0);
      assert(await page.locator("[data-place]").count() < 300);
      await page.waitForFunction(() =>
        document.querySelector<HTMLElement>('[data-place="2399"] .datasets-cut')?.style.backgroundImage
      );
    });
    await t.step("another filter begins at its top, and so does none; End and Home lead there", async () => {
      await page.getByRole("button", { name: /^1 2/ }).click(); // a class by its number, with 240 images
      await page.getByText("240 of 2,400 images").waitFor();
      await choose(0).waitFor();
      // A key that is pressed before the browser has painted what a click changed counts.
      await page.evaluate(async () => {
        const clear = [...document.querySelectorAll("button")].find(({ innerText }) =>
          innerText === "Clear the filter"
        )!;
        const changed = new Promise((resolve) =>
          new MutationObserver(resolve).observe(document.querySelector(".datasets-grid")!, {
            childList: true,
          })
        );
        clear.click();
        await changed;
        const first = document.querySelector<HTMLElement>('[data-place="0"]')!;
        first.focus();
        first.dispatchEvent(new KeyboardEvent("keydown", { key: "End", bubbles: true, cancelable: true }));
      });
      await page.getByText("2,400 images", { exact: true }).waitFor();
      await choose(2399).waitFor();
      await page.keyboard.press("Home");
      await choose(0).waitFor();
      await page.keyboard.press("ArrowRight");
      await page.waitForFunction(() => document.activeElement?.getAttribute("data-place") === "1");
    });
    await t.step("a dataset in use is not deleted: the page shows by what; afterwards it is", async () => {
      const [{ id }] = (await server.json("/v1/datasets?limit=1")).data as { id: string }[];
      const config = { arch: "cifar_resnet8", px: 32, batch: 16, steps: 100_000 };
      const job = await (await server.post("/v1/jobs", { kind: "pretrain", dataset: id, config })).json();
      await page.getByRole("button", { name: "Delete" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByRole("button", { name: "Delete dataset" }).click();
      await dialog.getByRole("link", { name: job.id }).waitFor();
      await checkAccessibility(page);
      faults.length = 0; // the browser tells each 409
      await server.post(`/v1/jobs/${job.id}/cancel`, undefined);
      await server.until(() => server.json(`/v1/jobs/${job.id}`), ({ status }) => status === "cancelled");
      await dialog.getByRole("button", { name: "Delete dataset" }).click();
      await page.getByRole("heading", { level: 1, name: "Datasets" }).waitFor();
      await page.getByText("noise is deleted").waitFor();
      await rowOf(page, "noise").waitFor({ state: "detached" });
    });
    await t.step(
      "a later page of rejected files that cannot be had is told, and asked for again",
      async () => {
        const broken = Array.from({ length: 320 }, (_, n) => entry(`train/a/${n}.png`, new Uint8Array([n])));
        const whole = [entry("train/b/1.png", await plain(1)), entry("train/c/2.png", await plain(2))];
        const sent = await server.fetch("/v1/datasets?name=broken&max_rejected=1", {
          ...{ method: "POST", headers: { "content-type": "application/x-tar" } },
          body: await packTar([...broken, ...whole]),
        });
        const { id } = await sent.json();
        await server.until(() => server.json(`/v1/datasets/${id}`), ({ status }) => status === "ready");
        const later = /rejected\?.*after=/;
        await page.route(later, (route) => route.abort());
        await page.goto(`${server.url}/#/datasets/${id}?tab=rejected`);
        const table = page.getByRole("region", { name: "Rejected files" });
        await table.waitFor();
        await table.evaluate((box) => box.scrollTop = box.scrollHeight);
        await page.getByText("The rest could not be loaded").waitFor();
        await checkAccessibility(page);
        faults.length = 0; // the browser tells of what was kept from it
        await page.unroute(later);
        await page.getByRole("alert").getByRole("button").click();
        await page.getByText("The rest could not be loaded").waitFor({ state: "detached" });
        await table.evaluate((box) => box.scrollTop = box.scrollHeight);
        await page.locator("table[aria-rowcount='321']").waitFor();
      },
    );
    await t.step("a part is added, after one that did not get there, and of other files", async () => {
      await page.getByRole("button", { name: "Add a part" }).click();
      const dialog = page.getByRole("dialog"), input = dialog.locator('input[aria-label="Choose files"]');
      const choose = async (name: string, seed: number) =>
        await input.setInputFiles({ name, mimeType: "image/png", buffer: Buffer.from(await plain(seed)) });
      await choose("lost.png", 3);
      await page.route("**/parts", (route) => route.abort());
      await dialog.getByRole("button", { name: "Add to broken" }).click();
      await dialog.getByRole("alert").waitFor();
      await checkAccessibility(page);
      faults.length = 0; // the browser tells of what was kept from it
      await page.unroute("**/parts");
      await dialog.getByRole("button", { name: "Choose others" }).click();
      assertEquals(await dialog.getByRole("alert").count(), 0);
      await choose("found.png", 4);
      await dialog.getByRole("button", { name: "Add to broken" }).click();
      await page.getByText("The part is uploaded: broken is being read again").waitFor();
      const [{ id }] = (await server.json("/v1/datasets?limit=1")).data as { id: string }[];
      const read = await server.until(
        () => server.json(`/v1/datasets/${id}`),
        ({ status, counts }) => status === "ready" && (counts as { images: number }).images === 3,
      );
      assertEquals([read.name, (read.counts as { rejected: number }).rejected], ["broken", 320]);
    });
    await t.step("no grave fault with data in the dark, as narrow as a phone", async () => {
      const own = await open({ colorScheme: "dark", viewport: { width: 390, height: 800 } });
      const [{ id }] = (await server.json("/v1/datasets?limit=1")).data as { id: string }[];
      for (
        const path of [
          "/datasets",
          ...["images", "rejected", "duplicates", "details"].map((tab) => `/datasets/${id}?tab=${tab}`),
        ]
      ) {
        await own.goto(`${server.url}/#${path}`);
        await settled(own);
        await checkAccessibility(own);
        const wide = await own.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert(wide <= 0, `${path} is ${wide} px wider than the window`);
      }
      await own.context().close();
    });
  } finally {
    await Deno.remove(work, { recursive: true });
  }
});
