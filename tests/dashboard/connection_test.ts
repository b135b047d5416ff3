import { assert } from "@std/assert";
import { dashboardTest, settled } from "./browser.ts";

dashboardTest(
  "a server that is away is missed in words, and found again by itself",
  async ({ page, server, faults }) => {
    await page.goto(`${server.url}/#/system`);
    await settled(page);
    await page.context().setOffline(true);
    const banner = page.getByText("Connection lost.");
    await banner.waitFor();
    await page.getByText("Workers").first().waitFor(); // what was known is still there
    await page.context().setOffline(false);
    await banner.waitFor({ state: "detached" });
    assert(faults.every((fault) => /ERR_INTERNET_DISCONNECTED/.test(fault)), faults.join("\n"));
    faults.length = 0;
  },
);
