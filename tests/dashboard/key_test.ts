/// <reference lib="dom" />
import { Buffer } from "node:buffer";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { runKeys } from "../../src/keys/command.ts";
import { standIns } from "../e2e/photographs.ts";
import { checkAccessibility, dashboardTest, settled } from "./browser.ts";

const file = await Deno.makeTempFile({ prefix: "latentd-keys-", suffix: ".jsonl" });

addEventListener("unload", () => Deno.removeSync(file));

/** A new key, made as its operator makes it. */
async function keyWith(name: string, scopes: string): Promise<string> {
  let key = "";
  await runKeys(["add", "--name", name, "--scopes", scopes], file, (line) => key ||= line);
  return key;
}
// One after the other: each adds a line to the file.
const reader = await keyWith("reader", "read"), trainer = await keyWith("trainer", "read,train");
const embedder = await keyWith("embedder", "embed");

dashboardTest(
  "where the server has keys the page asks for one, says what is wrong with it, and can forget it",
  async (stage, t) => {
    const { page, server, open, faults } = stage;
    const enter = async (key: string) => {
      await page.getByLabel("API key").fill(key);
      await page.getByRole("button", { name: "Continue" }).click();
    };
    await t.step("it asks, and says how keys are made", async () => {
      await page.goto(server.url);
      await page.getByRole("heading", { name: "This server asks for a key" }).waitFor();
      await page.getByText("How to get one").click();
      await page.getByText("deno task keys add").waitFor();
      await checkAccessibility(page);
    });
    await t.step("a wrong key, and one that may not read, are told apart", async () => {
      await enter(`lat_${"x".repeat(43)}`);
      await page.getByText("The server does not know this key").waitFor();
      assertEquals(await page.getByLabel("API key").getAttribute("aria-invalid"), "true");
      await checkAccessibility(page);
      await enter(embedder);
      await page.getByText('it lacks the scope "read"').waitFor();
    });
    await t.step("with a key that may read alone, what changes things says what it needs", async () => {
      await enter(reader);
      await settled(page);
      await page.getByText("reader · read only").waitFor();
      const act = page.getByRole("button", { name: "New job" }).first();
      assertEquals(await act.getAttribute("aria-disabled"), "true");
      assertEquals(await act.getAttribute("title"), 'This needs a key with the scope "train"; yours has not');
      await page.reload();
      await settled(page); // it is kept while the browser is open
      const other = await open();
      await other.goto(server.url);
      await other.getByLabel("API key").waitFor(); // and not elsewhere
      await other.context().close();
    });
    await t.step("a key can be forgotten, and remembered on this computer", async () => {
      await page.getByRole("button", { name: "Forget the key" }).click();
      await page.getByLabel("API key").waitFor();
      await page.getByLabel("Remember it on this computer").check();
      await enter(trainer);
      await settled(page);
      assertEquals(
        await page.getByRole("link", { name: "New job" }).first().getAttribute("aria-disabled"),
        null,
      );
      const stored = await page.evaluate(
        () => [localStorage.getItem("latentd.key"), sessionStorage.getItem("latentd.key")],
      );
      assertEquals(stored, [trainer, null]);
    });
    const openWith = async (key: string) => {
      const page = await open();
      await page.addInitScript((key) => sessionStorage.setItem("latentd.key", key), key);
      await page.goto(`${server.url}/#/datasets`);
      await settled(page);
      return page;
    };
    await t.step("an upload, and every image, is asked for with the key", async () => {
      const page = await openWith(trainer);
      const mimeType = "application/x-tar", buffer = Buffer.from(await standIns());
      await page.locator('input[aria-label="Choose files"]').setInputFiles({
        name: "a.tar",
        mimeType,
        buffer,
      });
      await page.getByRole("button", { name: "Upload", exact: true }).click();
      await page.getByRole("row").filter({ hasText: "ready" }).waitFor();
      await page.getByRole("link", { name: "a", exact: true }).click();
      await page.locator(".datasets-cut[style]").first().waitFor();
      await page.getByRole("combobox", { name: "Size of the images" }).selectOption("large");
      await page.locator('.datasets-tile img[src^="blob:"]').first().waitFor();
      const remove = page.getByRole("button", { name: "Delete" });
      assertEquals(await remove.getAttribute("aria-disabled"), "true");
      assertMatch(await remove.getAttribute("title") ?? "", /"admin"/);
      await page.context().close();
    });
    await t.step("a reader sees datasets, and is told what the key lacks", async () => {
      const page = await openWith(reader);
      await page.getByText("Your key may look, but not upload").waitFor();
      assertEquals(await page.locator("input[type=file]").count(), 0);
      await checkAccessibility(page);
      await page.getByRole("link", { name: "a", exact: true }).click();
      await page.locator(".datasets-cut[style]").first().waitFor();
      for (const name of ["Add a part", "Delete", "Train on this"]) {
        assert(await page.getByRole("button", { name }).getAttribute("aria-disabled"), name);
      }
      await checkAccessibility(page);
    });
    await t.step(
      "a checkpoint's files are saved with the key, and a refused one leaves no empty file",
      async () => {
        const withKey = (path: string, init?: RequestInit) =>
          server.json(path, {
            ...init,
            headers: { authorization: `Bearer ${trainer}`, "content-type": "application/json" },
          });
        const [{ id: dataset }] = (await withKey("/v1/datasets")).data as { id: string }[];
        const config = { arch: "cifar_resnet8", px: 32, batch: 4, steps: 1 };
        const body = JSON.stringify({ kind: "pretrain", dataset, config });
        const { id } = await withKey("/v1/jobs", { method: "POST", body });
        await server.until(() => withKey(`/v1/jobs/${id}`), ({ status }) => status === "succeeded");
        const page = await open();
        await page.addInitScript((key) => {
          sessionStorage.setItem("latentd.key", key);
          // What a person would choose in the browser's own window, which no test can press.
          const showSaveFilePicker = async ({ suggestedName }: { suggestedName: string }) =>
            await (await navigator.storage.getDirectory()).getFileHandle(suggestedName, { create: true });
          Object.assign(globalThis, { showSaveFilePicker });
        }, trainer);
        const saved = () =>
          page.evaluate(async () => {
            const files: Record<string, number> = {};
            for await (const [name, handle] of (await navigator.storage.getDirectory()).entries()) {
              files[name] = (await (handle as FileSystemFileHandle).getFile()).size;
            }
            return files;
          });
        await page.goto(`${server.url}/#/jobs/${id}?tab=checkpoints`);
        await page.getByRole("button", { name: "Download" }).first().click();
        const button = page.getByRole("row", { name: "config.json" }).getByRole("button", {
          name: "Download",
        });
        const src = /\/files\/config\.json$/;
        await page.route(src, (route) => route.fulfill({ status: 503, body: "{}" }));
        await button.click();
        await page.getByText(/^config\.json: /).waitFor();
        assertEquals(await saved(), {});
        await page.unroute(src);
        await button.click();
        const [checkpoint] = (await withKey(`/v1/checkpoints?job=${id}`)).data as { id: string }[];
        const kept = await server.fetch(`/v1/checkpoints/${checkpoint.id}/files/config.json`, {
          headers: { authorization: `Bearer ${trainer}` },
        });
        const { byteLength } = await kept.arrayBuffer();
        const files = await server.until(saved, ({ "config.json": size = 0 }) => size > 0); // it appears whole
        assertEquals(files, { "config.json": byteLength });
        await page.context().close();
      },
    );
    // The browser complains of each 401, 403 and 503, which are meant here.
    const refusal = /status of (40[13]|503)/;
    faults.splice(0, Infinity, ...faults.filter((fault) => !refusal.test(fault)));
  },
  { env: { API_KEYS_FILE: file } },
);
