import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { decoderFolders } from "../../src/data/decoder_folders.ts";
import { serveCommand, TestServer } from "./server.ts";

/** Where Deno keeps packages, and the folder in it of those from one registry. */
const [, cache, registry] = /^(.*)\/npm\/([^/]+)\/imagescript\//.exec(decoderFolders()[0] + "/")!;
/** What sharp is, and what this server loads nothing of: 300 MB that need not be copied. */
const LEFT_OUT = ["sharp", "@img", "@tensorflow", "@webgpu", "webgpu"];

/** Another cache of packages. Links to folders will not do: Deno takes a package to be where it really lies. */
function copyTree(from: string, to: string): void {
  Deno.mkdirSync(to, { recursive: true });
  for (const { name, isDirectory } of Deno.readDirSync(from)) {
    if (isDirectory) copyTree(join(from, name), join(to, name));
    else {
      try {
        Deno.linkSync(join(from, name), join(to, name));
      } catch { // another disk
        Deno.copyFileSync(join(from, name), join(to, name));
      }
    }
  }
}

Deno.test("a server that is to decode by sharp does not start where there is none, and says what to do", async () => {
  const directory = await Deno.makeTempDir({ prefix: "latentd-e2e-sharp-" });
  try {
    const denoDir = join(directory, "deno"), packages = join("npm", registry);
    for (const { name } of Deno.readDirSync(join(cache, packages))) {
      if (!LEFT_OUT.includes(name)) {
        copyTree(join(cache, packages, name), join(denoDir, packages, name));
      }
    }
    const dataDir = join(directory, "data");
    // Nothing listens there: Deno would fetch what it lacks.
    const offline = {
      DENO_DIR: denoDir,
      HTTPS_PROXY: "http://127.0.0.1:9",
      HTTP_PROXY: "http://127.0.0.1:9",
    };
    const { code, stdout, stderr } = await serveCommand(dataDir, { ...offline, IMAGE_DECODER: "sharp" })
      .output();
    const said = new TextDecoder().decode(stderr);
    assertEquals([code, new TextDecoder().decode(stdout)], [2, ""], said);
    assertMatch(
      said,
      /^Cannot start: IMAGE_DECODER must be wasm, or sharp where .*, got "sharp": sharp cannot be loaded \(.*\); install it with `deno cache [^`]*sharp@[^`]*`, or set IMAGE_DECODER=wasm\n$/,
    );
    assertEquals(await Deno.stat(dataDir).catch(({ name }) => name), "NotFound"); // nothing was begun

    // And there is nothing else that it lacks.
    const server = await TestServer.start(dataDir, { ...offline, IMAGE_DECODER: "wasm" });
    assertEquals(await server.statusOf("/healthz"), 200);
    await server.stop();
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
