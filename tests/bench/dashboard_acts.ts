/// <reference lib="dom" />
import type { Page } from "playwright-core";
import type { Act } from "./dashboard_page.ts";

/** How long a UMAP may take. */
const UMAP_S = 300;

/** Does it again and again, for so long or until it answers `true`. */
async function during(seconds: number, act: (n: number) => Promise<true | void>): Promise<void> {
  for (let n = 0, end = Date.now() + 1000 * seconds; Date.now() < end && !(await act(n)); n++);
}
const wheel = (page: Page, px: number) => page.mouse.wheel(0, px).then(() => page.waitForTimeout(200));

/** Scrolls, and does nothing else. */
const scroll: Act = async (page, seconds) => {
  await during(seconds, () => wheel(page, 600));
  return {};
};

/** Goes to the end again and again, so that more comes; then back. */
const readJobs: Act = async (page, seconds) => {
  const box = page.locator(".virtual");
  await box.focus();
  await during(0.8 * seconds, async () => {
    await page.keyboard.press("End");
    await page.waitForTimeout(100);
  });
  await during(0.2 * seconds, () => wheel(page, -600));
  return { rows: Number(await box.getByRole("table").getAttribute("aria-rowcount")) - 1 };
};

/** Zooms into a plot and out again, and smooths: each time all plots are drawn anew. */
const readCurves: Act = async (page, seconds) => {
  const plot = page.getByRole("img", { name: /^Loss:/ });
  await during(seconds, async (n) => {
    await plot.focus();
    await page.keyboard.press(["+", "+", "ArrowRight", "Escape"][n % 4]);
    await page.waitForTimeout(250);
    await wheel(page, n % 2 ? -400 : 400);
  });
  return {};
};

/** Scrolls through the images, goes to the last, filters and takes the filter off. */
const browseImages: Act = async (page, seconds) => {
  await during(0.5 * seconds, () => wheel(page, 1500));
  await during(0.5 * seconds, async () => {
    await page.locator(".datasets-class").nth(3).click();
    await page.getByRole("button", { name: "Clear the filter" }).click();
    await page.locator('[data-place="0"]').focus();
    await page.keyboard.press("End");
    await page.waitForTimeout(300);
  });
  return {};
};

/** Moves and zooms the plane without a pause, with the pointer, as fast as frames come. */
const movePlane: Act = async (page, seconds) => {
  const frames = await page.evaluate((ms) => {
    const plane = document.querySelector(".map-plane")!,
      { left, top, width, height } = plane.getBoundingClientRect();
    const end = performance.now() + ms;
    const at = (n: number) => ({
      clientX: left + width * (0.5 + 0.3 * Math.sin(n / 20)),
      clientY: top + height / 2,
    });
    return new Promise<number>((resolve) => {
      const next = (n: number) => {
        if (performance.now() > end) return resolve(n);
        const options = { ...at(n), bubbles: true, cancelable: true };
        plane.dispatchEvent(new WheelEvent("wheel", { ...options, deltaY: n % 120 < 60 ? -20 : 20 }));
        plane.dispatchEvent(new PointerEvent("pointermove", { ...options, pointerType: "mouse" })); // what is hovered
        requestAnimationFrame(() => next(n + 1));
      };
      next(0);
    });
  }, 1000 * seconds);
  return { fps: frames / seconds };
};

/** Has UMAP lay the plane out, and moves it meanwhile: how long each stage took, in ms. */
const layOut: Act = async (page) => {
  await page.getByLabel("Layout").selectOption("umap");
  const told = page.locator(".map-foot [role=status]"), took: Record<string, number> = {};
  let stage = "", since = Date.now();
  await during(UMAP_S, async (n) => {
    const now = await told.innerText();
    if (now !== stage) {
      if (stage) took[stage.replace("UMAP: ", "")] = Date.now() - since;
      [stage, since] = [now, Date.now()];
    }
    if (await page.locator(".map-umap").count() === 0) return true;
    await wheel(page, n % 2 ? 60 : -60);
  });
  return took;
};

/** What is done on each screen. */
export const ACTS = {
  ...{ home: scroll, jobs: readJobs, job: readCurves, dataset: browseImages, map: movePlane, umap: layOut },
};
