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
const reader = await keyWith("reader", "read"), trainer = await keyWith("trainer", "read,train");

dashboardTest(
  "datasets are uploaded and seen by key, and only looked at where it lacks a scope",
  async (stage, t) => {
    const { server, open } = stage;
    const openWith = async (key: string) => {
      const page = await open();
      await page.addInitScript((key) => sessionStorage.setItem("latentd.key", key), key);
      await page.goto(`${server.url}/#/datasets`);
      await settled(page);
      return page;
    };
    await t.step("the upload, and every image, is asked for with the key", async () => {
      const page = await openWith(trainer);
      const mimeType = "application/x-tar", buffer = Buffer.from(await standIns());
      await page.locator('input[aria-label="Choose files"]').setInputFiles({
        name: "a.tar",
        mimeType,
        buffer,
      });
      await page.getByRole("button", { name: "Upload", exact: true }).click();
      await page.getByRole("row").filter({ hasText: "ready" }).waitFor({ timeout: 120_000 });
      await page.getByRole("link", { name: "a", exact: true }).click();
      await page.locator(".datasets-cut[style]").first().waitFor();
      await page.getByRole("combobox", { name: "Size of the images" }).selectOption("large");
      await page.locator('.datasets-tile img[src^="blob:"]').first().waitFor();
      const remove = page.getByRole("button", { name: "Delete" });
      assertEquals(await remove.getAttribute("aria-disabled"), "true");
      assertMatch(await remove.getAttribute("title") ?? "", /"admin"/);
      await page.context().close();
    });
    await t.step("a reader sees them, and is told what the key lacks", async () => {
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
  },
  { env: { API_KEYS_FILE: file } },
);
