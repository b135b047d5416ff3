import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { checkAccessibility, dashboardTest, settled } from "./browser.ts";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));
const file = await Deno.makeTempFile({ prefix: "latentd-keys-", suffix: ".jsonl" });

addEventListener("unload", () => Deno.removeSync(file));

/** A new key, made as its operator makes it. */
async function keyWith(name: string, scopes: string): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "keys", "add", "--name", name, "--scopes", scopes],
    ...{ cwd: ROOT, env: { API_KEYS_FILE: file } },
  }).output();
  return new TextDecoder().decode(stdout).trim();
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
    // The browser complains of each 401 and 403, which are meant here.
    const refusal = /status of 40[13]/;
    faults.splice(0, Infinity, ...faults.filter((fault) => !refusal.test(fault)));
  },
  { env: { API_KEYS_FILE: file } },
);
