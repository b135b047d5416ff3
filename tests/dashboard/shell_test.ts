import { assert, assertEquals, assertMatch } from "@std/assert";
import { NAV, ROUTES } from "../../src/dashboard/routes.ts";
import { checkAccessibility, dashboardTest, settled } from "./browser.ts";

/** Every screen that needs no id. */
const PATHS = ROUTES.map(({ path }) => path).filter((path) => !path.includes(":"));

dashboardTest(
  "the dashboard opens, is walked by keyboard, and has no grave fault for axe-core",
  async (stage, t) => {
    const { page, server, open, faults } = stage;
    await t.step("a server that does not answer is told, with what to do, and found again", async () => {
      for (const path of ["**/v1/key", "**/healthz"]) await page.route(path, (route) => route.abort());
      await page.goto(server.url);
      await page.getByRole("heading", { name: "No answer" }).waitFor();
      await page.getByText("deno task serve").first().waitFor();
      await checkAccessibility(page);
      await page.getByRole("button", { name: "Look again now" }).click();
      await page.unrouteAll();
    });
    await t.step("an empty server shows what to do first", async () => {
      await page.getByRole("heading", { level: 1, name: "Welcome to latentd" }).waitFor();
      assertEquals(await page.title(), "Welcome to latentd · latentd");
      await page.getByText("deno task demo").waitFor();
      // The browser complains of what was kept from it, and takes its time over that.
      assert(faults.every((fault) => /ERR_FAILED/.test(fault)), faults.join("\n"));
      faults.length = 0;
    });
    await t.step("the first Tab is a way past the navigation, and the second begins it", async () => {
      await page.reload(); // what was pressed before is where Tab would go on from
      await settled(page);
      await page.keyboard.press("Tab");
      assertEquals(await page.evaluate(() => document.activeElement!.textContent), "Skip to the content");
      await page.keyboard.press("Enter");
      assertEquals(await page.evaluate(() => document.activeElement!.id), "main");
      assertEquals(new URL(page.url()).hash, "");
    });
    await t.step("a link of the navigation opens its screen and moves the focus to its heading", async () => {
      const nav = page.getByRole("navigation", { name: "Main" });
      for (const { name, path } of NAV.flat()) {
        await nav.getByRole("link", { name }).focus();
        await page.keyboard.press("Enter");
        await page.waitForFunction((hash) => location.hash === hash, `#${path}`);
        await page.waitForFunction(() => document.activeElement?.tagName === "H1");
        assertMatch(await page.title(), / · latentd$/);
        assertEquals(await nav.getByRole("link", { name }).getAttribute("aria-current"), "page");
      }
      await page.goBack();
      await page.waitForFunction((hash) => location.hash === hash, `#${NAV.flat().at(-2)!.path}`);
      await page.waitForFunction(() => document.activeElement?.tagName === "H1");
    });
    await t.step("an address that is none says so", async () => {
      await page.goto(`${server.url}/#/nowhere`);
      await page.getByText("There is no screen at /nowhere").waitFor();
    });
    await t.step("the theme that is chosen is shown, and kept", async () => {
      await page.getByRole("radio", { name: "dark" }).check();
      assertEquals(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
      await page.reload();
      await settled(page);
      assertEquals(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
    });
    for (const [colorScheme, width] of [["light", 1280], ["dark", 390]] as const) {
      await t.step(`no screen has a grave fault, ${colorScheme}, ${width} px`, async () => {
        const own = await open({ colorScheme, viewport: { width, height: 800 } });
        for (const path of PATHS) {
          await own.goto(`${server.url}/#${path}`);
          await settled(own);
          await checkAccessibility(own);
          const wide = await own.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          assert(wide <= 0, `${path} is ${wide} px wider than the window`);
        }
        if (width < 720) {
          await own.getByRole("button", { name: "Open the menu" }).click();
          await checkAccessibility(own);
          await own.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "System" }).click();
          await own.getByRole("button", { name: "Open the menu" }).waitFor(); // it closes by itself
        }
        await own.context().close();
      });
    }
  },
);
