/// <reference lib="dom" />
// Models, as those use them who serve them: named, moved, rolled back, tried, brought from elsewhere, and asked by programs
// that are copied from the page.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { unpackTar } from "modern-tar";
import { Buffer } from "node:buffer";
import { standIns } from "../e2e/photographs.ts";
import type { TestServer } from "../e2e/server.ts";
import { checkAccessibility, dashboardTest, settled } from "./browser.ts";
import { dropFile } from "./drop_file.ts";
import { runPasted } from "./run_pasted.ts";

const PRETRAIN = {
  ...{ arch: "cifar_resnet8", px: 32, batch: 16, evaluate: null },
  ...{ projector: { hidden: 16, out: 8 }, predictor: { hidden: 16 } },
};

dashboardTest(
  "models are named, moved, compared, tried and asked by the page's own snippets",
  async (stage, t) => {
    const { page, server, open, faults } = stage,
      folder = await Deno.makeTempDir({ prefix: "latentd-snippets-" });
    const tar = await standIns();
    const photo = (await unpackTar(tar)).find(({ data }) => data)!.data! as Uint8Array<ArrayBuffer>;
    await Deno.writeFile(`${folder}/photo.jpg`, photo);
    const { first, second, classifier } = await makeModels(server, tar);
    try {
      await t.step("a checkpoint is served under a name, which is checked", async () => {
        await page.goto(`${server.url}/#/models`);
        await settled(page);
        await page.getByText("No model has a name yet").waitFor();
        await page.getByTitle(`Serve ${first} under a name`).click();
        await page.getByLabel("Alias").fill("My Photos");
        await page.getByRole("button", { name: "Set alias" }).click();
        await page.getByText("1 to 64 of a–z").waitFor();
        await page.getByLabel("Alias").fill("photos");
        await page.getByRole("button", { name: "Set alias" }).click();
        await page.getByRole("table", { name: "Aliases" }).getByRole("link", { name: "photos" }).waitFor();
        assertEquals((await server.json("/v1/models/photos")).checkpoint, first);
      });
      await t.step("it is moved, which is said beforehand, and rolled back", async () => {
        await page.getByRole("button", { name: "Move photos" }).click();
        await page.getByLabel("Checkpoint", { exact: true }).selectOption(second);
        await page.getByText("Requests are answered by").waitFor();
        await page.getByRole("button", { name: "Move alias" }).click();
        await server.until(
          () => server.json("/v1/models/photos"),
          ({ checkpoint }) => checkpoint === second,
          20,
        );
        await page.getByRole("button", { name: "Roll photos back" }).click();
        await page.getByRole("button", { name: "Roll back", exact: true }).click();
        await server.until(
          () => server.json("/v1/models/photos"),
          ({ checkpoint }) => checkpoint === first,
          20,
        );
      });
      await t.step(
        "checkpoints are ticked and their evaluations stand side by side, the best marked",
        async () => {
          for (const id of [first, second]) await page.getByLabel(`Compare ${id}`).check();
          const table = page.getByRole("table", { name: "Evaluations" });
          await table.getByText("k 5 · T 0.1 · bank train").waitFor();
          assertMatch(new URL(page.url()).hash, new RegExp(`compare=${first}%2C${second}`)); // a link leads here
          const both = table.getByRole("row").filter({ hasText: "k 5" }),
            alone = table.getByRole("row").filter({ hasText: "k 1 " });
          const told = (await rowsOf(server, [first, second])).map(({ metrics }) => metrics.top1);
          assertEquals(await both.getByText("best", { exact: true }).count(), told[0] === told[1] ? 2 : 1);
          assertEquals(await alone.getByText("best", { exact: true }).count(), 0); // k 1 was asked of one alone
          await checkAccessibility(page);
        },
      );
      await t.step("a file that is none is refused in words, PyTorch's own with its conversion", async () => {
        await page.getByRole("button", { name: "Import a checkpoint" }).first().click();
        const send = async (name: string, bytes: Uint8Array) => {
          await page.getByLabel("Checkpoint file").setInputFiles({
            ...{ name, mimeType: "application/octet-stream", buffer: Buffer.from(bytes) },
          });
          await page.getByRole("button", { name: "Import", exact: true }).click();
        };
        await send("old.pt", Uint8Array.of(0x50, 0x4b, 3, 4, ...new Uint8Array(4000)));
        await page.getByText('torch.load("old.pt"').waitFor();
        await checkAccessibility(page);
        const model = await server.fetch(`/v1/checkpoints/${second}/files/model.safetensors`);
        const bytes = await model.bytes();
        await send("cut.safetensors", bytes.subarray(0, 5000));
        await page.getByText('torch.load("old.pt"').waitFor({ state: "detached" });
        await page.getByRole("alert").getByText("Cannot").first().waitFor();
        await send("model.safetensors", bytes);
        await page.waitForFunction(() => /^#\/models\/ckpt_/.test(location.hash)); // the new model's page
        await page.getByText("imported").first().waitFor();
      });
      await t.step("an image is tried: a vector with its norm, and labels of a classifier", async () => {
        await page.goto(`${server.url}/#/models/photos`);
        await settled(page);
        const told = await (await server.post("/v1/embeddings", { model: "photos", input: photo.toBase64() }))
          .json();
        await page.getByLabel("Image to try").setInputFiles(`${folder}/photo.jpg`);
        await page.getByText("64 numbers").waitFor();
        const norm = Math.hypot(...told.data[0].embedding as number[]);
        await page.getByText(`norm ${Number(norm.toPrecision(4))}`).waitFor();
        await page.getByText("GPU", { exact: false }).first().waitFor();
        await page.goto(`${server.url}/#/models/${classifier}`);
        await settled(page);
        await dropFile(page, ".drop", { name: "dropped.png", type: "image/png", bytes: photo });
        for (const label of ["disc", "stripes"]) await page.getByTitle(label, { exact: true }).waitFor();
        await checkAccessibility(page);
        await page.getByLabel("Image to try").setInputFiles({
          name: "no.png",
          mimeType: "image/png",
          buffer: Buffer.alloc(9),
        });
        await page.getByText("It made nothing of that").waitFor();
      });
      for (const name of ["curl", "fetch"] as const) {
        await t.step(`the ${name} snippet of a classifier works as it is pasted`, async () => {
          await page.goto(`${server.url}/#/models/${classifier}`);
          await settled(page);
          assertMatch(await runPasted(page, name, folder), /disc/);
        });
      }
      await t.step("an alias is dropped after it was asked for", async () => {
        await page.goto(`${server.url}/#/models/photos`);
        await settled(page);
        await page.getByRole("button", { name: "Drop", exact: true }).click();
        await page.getByRole("button", { name: "Drop alias" }).click();
        await page.waitForFunction(() => location.hash === "#/models");
        await server.until(() => server.statusOf("/v1/models/photos"), (status) => status === 404, 20);
      });
      await t.step(
        "for a phone, in the dark, nothing is too wide, nor a grave fault for axe-core",
        async () => {
          const own = await open({ colorScheme: "dark", viewport: { width: 390, height: 800 } });
          for (const path of [`/models?compare=${first},${second}`, `/models/${classifier}`]) {
            await own.goto(`${server.url}/#${path}`);
            await settled(own);
            await checkAccessibility(own);
            const wide = await own.evaluate(() => document.documentElement.scrollWidth - innerWidth);
            assert(wide <= 0, `${path} is ${wide} px wider than the window`);
          }
        },
      );
      // The browser complains of each refusal, and they are meant here.
      faults.splice(0, Infinity, ...faults.filter((fault) => !/status of 4(00|04|15|22)/.test(fault)));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

/** Two encoders that k-NN has judged, and a classifier; of the first, k 1, too. */
async function makeModels(server: TestServer, tar: Uint8Array<ArrayBuffer>) {
  const { id: dataset } = await server.json("/v1/datasets?name=shapes", {
    ...{ method: "POST", headers: { "Content-Type": "application/x-tar" }, body: tar },
  });
  await server.until(() => server.json(`/v1/datasets/${dataset}`), ({ status }) => status === "ready");
  const run = async (kind: string, config: object) => {
    const { id } = await (await server.post("/v1/jobs", { kind, dataset, config })).json();
    const job = await server.until(
      () => server.json(`/v1/jobs/${id}`),
      ({ status }) => ["succeeded", "failed"].includes(status),
    );
    assertEquals(job.status, "succeeded", JSON.stringify(job.error));
    return (job.result as { checkpoint: string }).checkpoint;
  };
  const first = await run("pretrain", { ...PRETRAIN, steps: 2 });
  const second = await run("pretrain", { ...PRETRAIN, steps: 3, seed: 1 });
  await run("knn", { checkpoint: first, k: [5, 1] });
  await run("knn", { checkpoint: second, k: 5 });
  const classifier = await run("linear_probe", { checkpoint: first, protocol: "lbfgs" });
  return { first, second, classifier };
}

/** What the server itself says of k 5. */
async function rowsOf(server: TestServer, ids: string[]): Promise<{ metrics: { top1: number } }[]> {
  const tables = await Promise.all(ids.map((id) => server.json(`/v1/checkpoints/${id}/evaluations`)));
  type Row = { kind: string; protocol: { k: number }; metrics: { top1: number } };
  return tables.map(({ data }) =>
    (data as Row[]).find(({ kind, protocol }) => kind === "knn" && protocol.k === 5)!
  );
}
