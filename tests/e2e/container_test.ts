// What the Dockerfile does, done here without Docker: its files copied to a directory, its cache made from nothing, its
// command started where no registry can be reached.
import { assert, assertEquals } from "@std/assert";
import { dirname, fromFileUrl } from "@std/path";
import { dockerfile, jsonArguments } from "../unit/dockerfile.ts";
import { photographs } from "./photographs.ts";
import { TestServer } from "./server.ts";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));

const ignored = Deno.readTextFileSync(`${ROOT}.dockerignore`).trim().split("\n");

async function copy(from: string, to: string): Promise<void> {
  if (ignored.includes(from.slice(ROOT.length))) return;
  await Deno.mkdir(dirname(to), { recursive: true });
  if ((await Deno.stat(from)).isFile) return await Deno.copyFile(from, to);
  await Deno.mkdir(to);
  for await (const { name } of Deno.readDir(from)) await copy(`${from}/${name}`, `${to}/${name}`);
}

Deno.test({
  name: "what the image's build copies and caches is all that the server needs, without a network",
  sanitizeOps: false, // the server and its children outlive steps
  sanitizeResources: false,
}, async () => {
  const root = await Deno.makeTempDir({ prefix: "latentd-image-" }), app = `${root}/app`;
  const { copied, cache, stages } = dockerfile(), last = stages.at(-1)!;
  const env = {
    ...{ DENO_DIR: `${root}/deno-dir`, DATA_DIR: `${app}/data`, PORT: "0", ALLOW_SOFTWARE_GPU: "1" },
    ...{ XDG_RUNTIME_DIR: "/tmp", DENO_NO_PROMPT: "1", LOG_FORMAT: "text" },
  };
  /** The words of an instruction, run by this very Deno. */
  const command = (keyword: string, more: Record<string, string> = {}) => {
    const words = jsonArguments(last.find((line) => line.keyword === keyword)!.text);
    assertEquals(words[0], "deno");
    const args = words.slice(1).map((word) => word.replace("/usr/local/bin/deno", Deno.execPath()));
    const offline = { HTTPS_PROXY: "http://127.0.0.1:9", NO_PROXY: "127.0.0.1" };
    return new Deno.Command(Deno.execPath(), {
      ...{ args, cwd: app, stdout: "piped", stderr: keyword === "CMD" ? "inherit" : "piped" },
      env: { ...env, ...offline, ...more },
    });
  };
  try {
    for (const path of copied) await copy(ROOT + path, `${app}/${path.replace(/^\.\//, "")}`);
    const cached = await new Deno.Command(Deno.execPath(), {
      ...{ args: ["cache", "--quiet", "--frozen", ...cache], cwd: app, env },
    }).output();
    assert(cached.success, new TextDecoder().decode(cached.stderr));
    const build = stages.flat().find(({ text }) => text.endsWith("build_dashboard.ts"))!.text.split(/\s+/);
    const built = await new Deno.Command(Deno.execPath(), {
      args: build.slice(1).map((word) => word.replace("/usr/local/bin/deno", Deno.execPath())),
      ...{ cwd: app, env },
    }).output();
    assert(built.success, new TextDecoder().decode(built.stderr));

    const server = await TestServer.of(command("CMD"));
    try {
      assertEquals(await server.statusOf("/"), 200);
      const created = await server.fetch("/v1/datasets?name=photos", {
        ...{ method: "POST", headers: { "Content-Type": "application/x-tar" } },
        body: (await photographs()).tar,
      });
      const { id: dataset } = await created.json();
      await server.until(() => server.json(`/v1/datasets/${dataset}`), ({ status }) => status === "ready");
      const config = { arch: "cifar_resnet8", px: 16, batch: 16, steps: 2 };
      const { id } = await (await server.post("/v1/jobs", { kind: "pretrain", dataset, config })).json();
      const { status, error } = await server.until(
        () => server.json(`/v1/jobs/${id}`),
        ({ status }) => ["succeeded", "failed"].includes(status),
      );
      assertEquals(status, "succeeded", JSON.stringify(error));
      const { data } = await server.json(`/v1/jobs/${id}/checkpoints`) as unknown as {
        data: { id: string }[];
      };
      const image = await (await server.fetch(`/v1/datasets/${dataset}/items/0/image`)).bytes();
      await server.until(() => server.statusOf("/readyz"), (status) => status === 200);
      const embedded = await server.post("/v1/embeddings", {
        ...{ model: data[0].id, input: `data:image/png;base64,${image.toBase64()}` },
      });
      assertEquals(embedded.status, 200, await embedded.text());
      const healthy = await command("HEALTHCHECK", { PORT: new URL(server.url).port }).output();
      assert(healthy.success, new TextDecoder().decode(healthy.stderr));
    } finally {
      await server.stop();
    }
    const dead = await command("HEALTHCHECK", { PORT: new URL(server.url).port }).output();
    assertEquals(dead.code, 1);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
