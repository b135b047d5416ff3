import { assertEquals } from "@std/assert";
import { parseSafetensorsMetadata } from "@huggingface/hub";
import { unpackTar } from "modern-tar";
import { newId } from "../../../src/domain/ids.ts";
import { aCheckpoint } from "../../contract/store_contract.ts";
import { exported, tensorsOf, withExports } from "../export/export_scene.ts";
import { problemOf, type Scene, withApi } from "./api_scene.ts";

const RESNET = { arch: "resnet18", labels: ["cat", "dog"] };

/** The app over real checkpoints, of which `listed` is one of RESNET. */
const withCheckpoint = (
  check: (
    scene: Scene & { path: string; id: string; onnx: Uint8Array; keep(arch: string): Promise<string> },
  ) => Promise<void>,
) =>
  withExports(({ exporter, keep }) =>
    withApi(async (scene) => {
      const list = async (model: { arch: string; labels?: string[] }) => {
        const { id, files } = await keep(model);
        const checkpoint = aCheckpoint(scene.checkpoint.job!, { id, files });
        scene.store.createCheckpoint(checkpoint);
        return checkpoint;
      };
      const checkpoint = await list(RESNET);
      await check({
        ...scene,
        ...{
          id: checkpoint.id,
          path: `/v1/checkpoints/${checkpoint.id}`,
          onnx: await exported(exporter, checkpoint, "onnx", "model.onnx"),
        },
        keep: async (arch) => (await list({ arch })).id,
      });
    }, { exporter })
  );

Deno.test("model.onnx comes whole, in ranges, or not at all if it is known", () =>
  withCheckpoint(async ({ app, get, id, path, onnx }) => {
    const file = `${path}/files/model.onnx`, whole = await get(file), etag = whole.headers.get("ETag")!;
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", await whole.arrayBuffer())).toHex();
    assertEquals([whole.status, etag, whole.headers.get("Content-Length")], [
      200,
      `"${hash}"`,
      String(onnx.length),
    ]);
    assertEquals(whole.headers.get("Content-Disposition"), `attachment; filename="${id}.model.onnx"`);
    assertEquals(whole.headers.get("Cache-Control"), "private, no-cache");
    const part = await get(file, { Range: "bytes=100-4099", "If-Range": etag });
    assertEquals([part.status, part.headers.get("Content-Range")], [206, `bytes 100-4099/${onnx.length}`]);
    assertEquals(await part.bytes(), onnx.slice(100, 4100));
    assertEquals((await get(file, { "If-None-Match": etag })).status, 304);
    assertEquals(await problemOf(await get(file, { Range: `bytes=${onnx.length}-` })), [
      416,
      "range_not_satisfiable",
    ]);
    const head = await app.request(file, { method: "HEAD" });
    assertEquals([head.status, head.headers.get("Content-Length"), await head.text()], [
      200,
      String(onnx.length),
      "",
    ]);
    const leaver = (await get(file)).body!.getReader();
    await leaver.read();
    await leaver.cancel();
  }));

Deno.test("an archive is one tar of a layout's files, which a client may resume", () =>
  withCheckpoint(async ({ get, id, path }) => {
    for (
      const [query, layout, names] of [
        ["", "torchvision", ["model.safetensors", "config.json", "labels.json"]],
        ["?layout=transformers", "transformers", [
          "config.json",
          "model.safetensors",
          "preprocessor_config.json",
        ]],
        ["?layout=onnx", "onnx", ["model.onnx"]],
      ] as const
    ) {
      const answer = await get(`${path}/archive${query}`);
      assertEquals([answer.status, answer.headers.get("Content-Type")], [200, "application/x-tar"]);
      assertEquals(answer.headers.get("Content-Disposition"), `attachment; filename="${id}.${layout}.tar"`);
      const tar = await answer.bytes();
      assertEquals(
        (await unpackTar(tar)).map(({ header }) => header.name),
        names.map((name) => `${id}/${name}`),
      );
      const rest = await get(`${path}/archive${query}`, { Range: `bytes=${tar.length - 1500}-` });
      assertEquals([rest.status, await rest.bytes()], [206, tar.slice(-1500)]);
    }
  }));

Deno.test("a layout that there is not is refused: the program, the architecture, the file", () =>
  withCheckpoint(async ({ get, path, keep }) => {
    const cifar = `/v1/checkpoints/${await keep("cifar_resnet8")}`;
    assertEquals(await problemOf(await get(`${cifar}/archive?layout=timm`)), [422, "layout_unavailable"]);
    const refused = await get(`${cifar}/files/config.json?layout=transformers`);
    assertEquals(
      (await refused.clone().json()).detail,
      "Cannot lay cifar_resnet8 out for transformers: its ResNet has no 3×3 stem; there are torchvision and onnx",
    );
    assertEquals(await problemOf(refused), [422, "layout_unavailable"]);
    assertEquals(await problemOf(await get(`${path}/archive?layout=keras`)), [
      422,
      "invalid",
      "#/query/layout",
    ]);
    assertEquals(await problemOf(await get(`${path}/files/config.json?layout=onnx`)), [
      422,
      "invalid",
      "#/query/layout",
    ]);
    assertEquals(await problemOf(await get(`${path}/files/state.json?layout=timm`)), [404, "not_found"]);
    for (const name of ["model.onnx", "config.json?layout=timm"]) {
      assertEquals((await problemOf(await get(`/v1/checkpoints/${newId("ckpt")}/files/${name}`)))[0], 404);
    }
  }));

Deno.test("a checkpoint that is deleted while its file is made is not found, and no fault", () =>
  withCheckpoint(async ({ get, store, id, path }) => {
    const { getCheckpoint } = store;
    const unlisted = aCheckpoint(id); // a row without files
    let looks = 0;
    store.getCheckpoint = (asked) =>
      asked === unlisted.id ? (looks++ === 0 ? unlisted : undefined) : getCheckpoint(asked);
    const answer = await get(path.replace(id, unlisted.id) + "/files/model.onnx");
    assertEquals([await problemOf(answer), looks], [[404, "not_found"], 2]);
  }));

Deno.test("Hugging Face's parser reads the headers of both layouts, by ranges over our routes", () =>
  withCheckpoint(async ({ app, path }) => {
    for (const layout of ["timm", "transformers"]) { // timm's is the kept file
      const parsed = await parseSafetensorsMetadata({
        ...{ repo: "latentd/model", path: "model.safetensors" },
        fetch: async (input, init) => {
          const { headers, method } = new Request(input, init);
          return await app.request(`${path}/files/model.safetensors?layout=${layout}`, { headers, method });
        },
      });
      if (parsed.sharded) throw new TypeError("Cannot look at a sharded file: there is one");
      const { __metadata__, ...tensors } = parsed.header, model = tensorsOf(RESNET);
      assertEquals([Object.keys(tensors).length, __metadata__], [model.size, { format: "pt" }]);
      const head = tensors[layout === "timm" ? "fc.weight" : "classifier.1.weight"];
      assertEquals([head.dtype, head.shape], ["F32", [2, 512]]);
      const counter = Object.values(tensors).find(({ dtype }) => dtype === "I64");
      assertEquals(counter?.shape, []);
    }
  }));
