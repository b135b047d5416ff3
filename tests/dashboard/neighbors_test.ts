/// <reference lib="dom" />
// Screens 6 and 7: who is near whom, by one model and by two, and the map.
import { assert, assertEquals } from "@std/assert";
import { decode } from "fast-png";
import type { Page } from "playwright-core";
import type { Point } from "../../src/dashboard/screens/map/camera.ts";
import { rgb } from "../../src/dashboard/screens/map/palette.ts";
import { modelsOf } from "../e2e/models.ts";
import { standIns } from "../e2e/photographs.ts";
import { checkAccessibility, dashboardTest, settled, type Stage } from "./browser.ts";
import { dropFile } from "./drop_file.ts";
import { onTheMap } from "./on_the_map.ts";

const PX = 16, K = 12;
interface Neighbor {
  n: number;
  class: string | null;
  distance: number;
}

/** A dataset of 112 drawn images in two classes, and two models; both embedded already. */
async function furnish({ server }: Stage) {
  const models = await modelsOf(server, 2, PX);
  const { id: dataset } = await server.json("/v1/datasets?name=drawn", {
    ...{ method: "POST", headers: { "Content-Type": "application/x-tar" }, body: await standIns() },
  });
  await server.until(() => server.json(`/v1/datasets/${dataset}`), ({ status }) => status === "ready");
  const ask = async (model: string, input: unknown): Promise<Neighbor[]> => {
    const answer = await server.until(
      async () => {
        const response = await server.post("/v1/neighbors", { model, dataset, input, k: K });
        return { status: response.status, body: await response.json() };
      },
      ({ status }) => status !== 503, // a browser's console would call it an error
    );
    assertEquals(answer.status, 200, JSON.stringify(answer.body));
    return answer.body.data[0].neighbors;
  };
  for (const model of models) await ask(model, { item: 0 });
  return { models, dataset: dataset as string, ask };
}

/** The numbers of the images in a list, in its order. */
const numbersIn = (page: Page, name: string): Promise<number[]> =>
  page.getByRole("list", { name }).getByRole("link").evaluateAll((links) =>
    links.map((link) => Number(/item=(\d+)/.exec(link.getAttribute("href")!)![1]))
  );

dashboardTest(
  "neighbours of an item, by two models, and the map",
  async (stage, t) => {
    const { page, server, open } = stage, { url } = server;
    await t.step("without a dataset both screens say what to do", async () => {
      for (const path of ["neighbors", "map"]) {
        await page.goto(`${url}/#/${path}`);
        await page.getByText("There is no dataset").waitFor();
        await page.getByRole("main").getByRole("link", { name: "Go to the datasets" }).waitFor();
      }
    });
    const { models: [model, other], dataset, ask } = await furnish(stage);
    const query = `dataset=${dataset}&model=${model}`;
    await t.step("a neighbour leads to its own, by an address that can be shared, and back", async () => {
      await page.goto(`${url}/#/neighbors?${query}&item=5&k=${K}`);
      await page.reload();
      await page.getByRole("list", { name: "Neighbours by" }).getByRole("link").nth(1).click();
      await page.waitForFunction(() => !/[?&]item=5(&|$)/.test(location.hash));
      const item = Number(/[?&]item=(\d+)/.exec(page.url())![1]);
      await page.getByRole("img", { name: `Image ${item}:` }).waitFor();
      await page.getByRole("list", { name: "Neighbours by" }).getByRole("listitem").nth(K - 1).waitFor();
      const expected = (await ask(model, { item })).map(({ n }) => n);
      await page.waitForFunction((first) => {
        const link = document.querySelector(".neighbors-list a");
        return link?.textContent?.includes(`Image ${first}:`);
      }, expected[0]);
      assertEquals(await numbersIn(page, "Neighbours by"), expected);
      await page.goBack();
      await page.getByRole("img", { name: "Image 5:" }).waitFor();
    });
    await t.step("what is no image is refused, and says so", async () => {
      await dropFile(page, ".neighbors-drop", {
        name: "notes.txt",
        type: "text/plain",
        bytes: new Uint8Array(3),
      });
      await page.getByText("notes.txt is text/plain").waitFor();
    });
    await t.step("two models stand beside each other, the common ones marked with their places", async () => {
      await page.goto(`${url}/#/neighbors?${query}&other=${other}&item=7&k=${K}`);
      await page.getByText("are common to both").waitFor();
      const [here, there] = await Promise.all([model, other].map((model) => ask(model, { item: 7 })));
      const common = here.filter(({ n }) => there.some((one) => one.n === n)).length;
      await page.getByText(`${common} of ${K} are common to both`).waitFor();
      assertEquals(await page.locator(".neighbors-common").count(), 2 * common);
      assertEquals(await page.getByText("only here").count(), 2 * (K - common));
    });

    await t.step(
      "a point that is pointed at shows its thumbnail, and one that is clicked is marked",
      async () => {
        await page.goto(`${url}/#/map?${query}`);
        await page.getByText("of all variance").waitFor();
        const { places, box } = await onTheMap(page, server, dataset, model);
        const inSight = ({ x, y }: Point) =>
          x > box.x + 20 && x < box.x + box.width - 20 && y > box.y + 60 && y < 780; // below the tools
        // The most lonely one: no other is nearer to where the pointer is.
        const alone = places.map((a, n) => ({
          n,
          gap: Math.min(...places.map((b, m) => m === n ? Infinity : Math.hypot(a.x - b.x, a.y - b.y))),
        })).filter(({ n }) => inSight(places[n])).sort((a, b) => b.gap - a.gap)[0].n;
        await page.mouse.move(places[alone].x, places[alone].y);
        await page.locator(`.map-hover[data-item="${alone}"]`).waitFor();
        await page.waitForFunction(() => {
          const canvas = document.querySelector<HTMLCanvasElement>(".map-hover canvas");
          return canvas?.getContext("2d")?.getImageData(48, 48, 1, 1).data[3] === 255; // its picture is there
        });
        await page.mouse.down();
        await page.mouse.up();
        await page.getByRole("heading", { name: `Image ${alone}`, exact: true }).waitFor();
        assertEquals(new URLSearchParams(page.url().split("?")[1]).get("item"), `${alone}`);
      },
    );
    await t.step(
      "by keyboard alone: a class is chosen from the list, another hidden, an image found",
      async () => {
        await page.getByRole("button", { name: "Choose all of disc" }).focus();
        await page.keyboard.press("Enter");
        await page.getByRole("heading", { name: "56 chosen" }).waitFor();
        await page.getByRole("application", { name: "The map" }).focus();
        for (const key of ["+", "ArrowLeft", "0", "Escape"]) await page.keyboard.press(key);
        await page.getByRole("heading", { name: "56 chosen" }).waitFor({ state: "detached" });
        await page.getByRole("checkbox", { name: "stripes" }).focus();
        await page.keyboard.press("Space");
        await page.getByRole("button", { name: "Show all" }).waitFor();
        await page.getByLabel("Find image").fill("9");
        await page.getByRole("heading", { name: "Image 9", exact: true }).waitFor();
      },
    );
    await t.step(
      "what is drawn has the colour of the class that is shown, and not that of the hidden one",
      async () => {
        const { data, channels } = decode(await page.locator(".map-canvas").screenshot());
        const token = (name: string) =>
          page.evaluate(
            (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim(),
            name,
          );
        const pixelsOf = (hex: string) => {
          const wanted = rgb(hex);
          let count = 0;
          for (let i = 0; i < data.length; i += channels) {
            if (wanted.every((value, c) => Math.abs(data[i + c] - value) < 30)) count++;
          }
          return count;
        };
        const [disc, stripes] = [pixelsOf(await token("--c1")), pixelsOf(await token("--c2"))];
        assert(disc > 300 && stripes === 0, `${disc} and ${stripes} pixels`);
      },
    );
    await t.step("UMAP is laid out in a worker, and says what it is worth", async () => {
      await page.getByLabel("Layout").selectOption("umap");
      await page.getByText("UMAP: who is near whom counts").waitFor();
      await page.getByLabel("Layout").selectOption("pca");
      await page.getByText("of all variance").waitFor();
    });
    await t.step("a key that may not embed is told so", async () => {
      const own = await open();
      await own.route("**/v1/key", (route) => route.fulfill({ json: { name: "reader", scopes: ["read"] } }));
      for (const path of [`neighbors?${query}&item=1`, `map?${query}`]) {
        await own.goto(`${url}/#/${path}`);
        await own.getByText("that needs one with the scope").waitFor();
      }
      await own.context().close();
    });
    for (const [colorScheme, width] of [["light", 1280], ["dark", 390]] as const) {
      await t.step(`neither screen has a grave fault, ${colorScheme}, ${width} px`, async () => {
        const own = await open({ colorScheme, viewport: { width, height: 800 } });
        for (const path of [`neighbors?${query}&other=${other}&item=3&k=${K}`, `map?${query}&item=3`]) {
          await own.goto(`${url}/#/${path}`);
          await own.getByText(/are common to both|of all variance/).waitFor();
          await settled(own);
          await checkAccessibility(own);
          const wide = await own.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          assert(wide <= 0, `${path} is ${wide} px wider than the window`);
        }
        await own.context().close();
      });
    }
  },
);
