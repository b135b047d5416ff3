import type { Page } from "playwright-core";
import { coreOf, fit, type Point, type Size, toScreen } from "../../src/dashboard/screens/map/camera.ts";
import { readNpy } from "../../src/dashboard/screens/map/npy.ts";
import type { TestServer } from "../e2e/server.ts";

/** Where the map is on the page, and each image's point: told by the same pure functions that place them. */
export async function onTheMap(page: Page, server: TestServer, dataset: string, model: string) {
  const npy = await server.until(
    () =>
      server.fetch(`/v1/datasets/${dataset}/projection?model=${model}&components=2`, {
        headers: { Accept: "application/x-npy" },
      }),
    ({ status }) => status === 200,
  );
  const { values } = readNpy(await npy.arrayBuffer());
  const box = (await page.getByRole("application", { name: "The map" }).boundingBox())!;
  const size: Size = { width: box.width, height: box.height }, camera = fit(coreOf(values), size);
  const places = Array.from({ length: values.length / 2 }, (_, n): Point => {
    const at = toScreen(camera, size, { x: values[2 * n], y: values[2 * n + 1] });
    return { x: at.x + box.x, y: at.y + box.y };
  });
  return { box, places };
}
