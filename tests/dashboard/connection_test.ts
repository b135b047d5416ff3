import { assert, assertMatch } from "@std/assert";
import { dashboardTest, settled } from "./browser.ts";

dashboardTest("a server that has crashed is missed in words, and found again by itself", async (stage) => {
  const { page, server, crash, faults } = stage;
  await page.goto(`${server.url}/#/system`);
  await settled(page);
  const startAgain = await crash(), banner = page.locator(".banner");
  await banner.waitFor();
  assertMatch(await banner.innerText(), /^Connection lost\. Retrying/);
  await page.getByRole("heading", { name: "Workers" }).waitFor(); // what was known is still there
  await startAgain();
  await banner.waitFor({ state: "detached" });
  assert(faults.every((fault) => /net::ERR_/.test(fault)), faults.join("\n"));
  faults.length = 0;
});
