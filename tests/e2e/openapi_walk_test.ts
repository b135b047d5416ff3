import { request } from "node:http";
import { assert, assertEquals, AssertionError, assertRejects } from "@std/assert";
import { packTar } from "modern-tar";
import { decodeSafetensors, encodeSafetensors } from "../../src/checkpoint/safetensors.ts";
import { encodePng } from "../../src/data/encode_png.ts";
import { ensureDashboard } from "../../src/setup/build_dashboard.ts";
import { Contract } from "./contract.ts";
import { noise } from "./noise.ts";
import { TestServer } from "./server.ts";

const CONFIG = {
  ...{ arch: "cifar_resnet8", px: 16, batch: 8, steps: 2, evaluate: null },
  ...{ projector: { hidden: 16, out: 8 }, predictor: { hidden: 16 } },
};
const NONE = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
const TUS = { "Tus-Resumable": "1.0.0" };
const PIECE = { ...TUS, "Content-Type": "application/offset+octet-stream" };

/** What a case sends: `path` fills the operation's path in, `json` is a body, and the rest is fetch's. */
interface Sent extends RequestInit {
  path?: Record<string, string>;
  query?: string;
  json?: unknown;
  headers?: Record<string, string>;
  /** The name that the server is called by, where it is another one than the URL's. */
  host?: string;
}

/** A request with a `Host` of its own, which fetch does not have. */
const askAs = (host: string, method: string, url: string) =>
  new Promise<Response>((resolve, reject) => {
    request(url, { method, headers: { host } }, async (message) => {
      const body = (await Array.fromAsync(message)).join("");
      resolve(new Response(body, { status: message.statusCode, headers: message.headers as HeadersInit }));
    }).on("error", reject).end();
  });

/** Two splits of two classes, an image that stands in both, and a file that is no image. */
async function smallTar(): Promise<Uint8Array<ArrayBuffer>> {
  const pngs = await Promise.all(Array.from({ length: 24 }, (_, n) => encodePng(noise(16, n))));
  const files = pngs.map((body, n) => ({ name: `train/${n % 2}/${n}.png`, body }));
  for (const n of [0, 1]) files.push({ name: `test/${n}/${n}.png`, body: pngs[0] });
  files.push({ name: "train/0/broken.png", body: new Uint8Array([1, 2, 3]) });
  return await packTar(files.map(({ name, body }) => ({ header: { name, size: body.length }, body })));
}

Deno.test("Contract holds an answer's status, headers, media type and fields against the document", async () => {
  const schema = { type: "object", required: ["a"], properties: { a: { type: "integer" } } };
  const headers = { Location: { required: true, schema: { type: "string", pattern: "^/" } } };
  const answers = { 201: { headers, content: { "application/json": { schema } } }, 204: {} };
  const paths = { "/x": { post: { operationId: "make", responses: answers } } };
  const contract = new Contract({ paths, components: { responses: {} } });
  const made = (status: number, body: string | null, sent: Record<string, string> = {}) =>
    contract.check("make", new Response(body, { status, headers: { "Location": "/1", ...sent } }));
  const json = { "Content-Type": "application/json; charset=utf-8" };
  assertEquals(await made(201, '{"a":1}', json), { a: 1 });
  assertEquals(await made(204, null), undefined);
  const refused: [status: number, body: string, sent: Record<string, string>, message: string][] = [
    [200, '{"a":1}', json, "make's 200 is not in the document"],
    [201, '{"a":1}', { ...json, Location: "elsewhere" }, "Location of make's 201: elsewhere"],
    [201, "a", { "Content-Type": "text/plain" }, 'make\'s 201 is "text/plain"'],
    [201, '{"a":"1"}', json, "data/a must be integer"],
    [201, "{}", json, "must have required property 'a'"],
    [201, '{"a":1,"b":2}', json, "must NOT have additional properties"],
  ];
  for (const [status, body, sent, message] of refused) {
    await assertRejects(() => made(status, body, sent), AssertionError, message);
  }
});

Deno.test({
  name: "every operation of the document answers as it says, with success and with an error",
  // The server and its children outlive requests; the end of the test ends them.
  sanitizeOps: false,
  sanitizeResources: false,
}, async () => {
  await ensureDashboard();
  const dataDir = await Deno.makeTempDir({ prefix: "latentd-e2e-walk-" });
  const server = await TestServer.start(dataDir);
  try {
    const contract = new Contract(await server.json("/openapi.json") as never);
    const seen = new Map<string, Set<number>>();
    /** Calls an operation, holds the answer against the document and its status against `expected`. */
    const call = async (
      id: string,
      expected: number,
      { path = {}, query = "", json, host, ...init }: Sent = {},
    ) => {
      const operation = contract.operations.get(id);
      if (!operation) throw new AssertionError(`the document has no operation ${id}`);
      const url = operation.path.replaceAll(/\{(\w+)\}/g, (_, name) => encodeURIComponent(path[name])) +
        query;
      const sent: RequestInit = { redirect: "manual", ...init, method: operation.method };
      if (json !== undefined) {
        sent.body = JSON.stringify(json);
        sent.headers = { "Content-Type": "application/json", ...init.headers };
        if (expected < 400) contract.checkBody(id, json);
      }
      const response = host
        ? await askAs(host, operation.method, server.url + url)
        : await server.fetch(url, sent);
      const { status, headers } = response;
      const body = await contract.check(id, response);
      assertEquals(status, expected, `${id}: ${JSON.stringify(body)}`);
      seen.set(id, (seen.get(id) ?? new Set()).add(status));
      // deno-lint-ignore no-explicit-any
      return { body: body as any, headers };
    };
    const until = async (id: string, path: Record<string, string>, status: string) =>
      await server.until(async () => (await call(id, 200, { path })).body, (body) => body.status === status);

    // The operator's.
    await call("isLive", 200);
    await server.until(() => server.statusOf("/readyz"), (status) => status === 200);
    await call("isReady", 200);
    Deno.kill(await server.child("embed"), "SIGKILL");
    for (const end = Date.now() + 10_000; await server.statusOf("/readyz") === 200;) assert(Date.now() < end);
    await call("isReady", 503);
    await call("getOpenApi", 200);
    await call("showDocs", 200);
    const { body: page } = await call("showDashboard", 200);
    for (const [, name] of page.matchAll(/"\/assets\/([^"]+)"/g)) {
      await call("getDashboardAsset", 200, { path: { name } });
    }
    await call("getDashboardAsset", 404, { path: { name: "nothing.js" } });
    await call("getKey", 200);
    await call("scrapeMetrics", 200);
    const { body: { findings } } = await call("getSystem", 200);
    assertEquals(findings.filter(({ check }: { check: string }) => check === "disk").length, 1);
    const reads = [
      "isLive",
      "getOpenApi",
      "showDocs",
      "showDashboard",
      "scrapeMetrics",
      "getSystem",
      "getKey",
    ];
    for (const id of reads) {
      await call(id, 421, { host: "rebound.example" });
    }

    // Datasets and uploads.
    const tar = await smallTar(), asTar = { "Content-Type": "application/x-tar" };
    const upload = { query: "?name=walk&originals=true&max_rejected=0.5", headers: asTar };
    const { body: { id: dataset } } = await call("createDataset", 201, { ...upload, body: tar });
    await call("createDataset", 400, upload);
    await call("createDataset", 403, { json: { name: "x", source: { path: "/" } } });
    await call("createDataset", 404, { json: { name: "x", source: { upload: `up_${NONE}` } } });
    await call("createDataset", 415, { ...upload, headers: { "Content-Type": "text/plain" }, body: "x" });
    await call("createDataset", 422, { headers: asTar, body: tar });
    await call("createDataset", 422, { json: { name: "", source: {}, extra: 1 } });
    const ds = { path: { id: dataset } }, noDataset = { path: { id: `ds_${NONE}` } };
    const begin = () =>
      call("createUpload", 201, { headers: { ...TUS, "Upload-Length": String(tar.length) } });
    const uploadOf = (headers: Headers) => ({ id: headers.get("Location")!.split("/").at(-1)! });
    const up = { path: uploadOf((await begin()).headers) };
    await call("createUpload", 400, { headers: TUS });
    await call("createUpload", 412, { headers: { "Upload-Length": "1" } });
    await call("createUpload", 413, { headers: { ...TUS, "Upload-Length": "9000000000000" } });
    await call("createUpload", 501, { headers: { ...TUS, "Upload-Defer-Length": "1" } });
    await call("getUpload", 200, { ...up, headers: TUS });
    await call("getUpload", 404, { path: { id: `up_${NONE}` }, headers: TUS });
    await call("continueUpload", 409, { ...up, headers: { ...PIECE, "Upload-Offset": "5" }, body: tar });
    await call("continueUpload", 403, { ...up, headers: PIECE, body: tar });
    await call("createDataset", 409, { json: { name: "early", source: { upload: up.path.id } } });
    await call("continueUpload", 204, { ...up, headers: { ...PIECE, "Upload-Offset": "0" }, body: tar });
    const imported = { name: "by upload", source: { upload: up.path.id }, max_rejected: 0.5 };
    const { body: { id: second } } = await call("createDataset", 201, { json: imported });
    await call("deleteUpload", 404, { ...up, headers: TUS });
    await call("deleteUpload", 204, { path: uploadOf((await begin()).headers), headers: TUS });
    await call("listDatasets", 200, { query: "?limit=1" });
    await call("listDatasets", 422, { query: "?limit=0" });
    await call("getDataset", 404, { path: { id: "nothing" } });
    await until("getDataset", { id: dataset }, "ready");
    await call("addDatasetPart", 415, { ...ds, headers: { "Content-Type": "text/plain" }, body: "x" });
    await call("addDatasetPart", 404, { ...noDataset, headers: asTar, body: tar });
    await call("addDatasetPart", 202, { ...ds, headers: asTar, body: tar });
    await until("getDataset", { id: dataset }, "ready");

    // What is in a dataset.
    const item = (n: string) => ({ path: { id: dataset, n } });
    assert((await call("listDatasetItems", 200, { ...ds, query: "?split=train&limit=2" })).body.has_more);
    assertEquals(
      (await call("listDatasetItems", 200, { ...ds, query: "?split=test&offset=1" })).body.total,
      4,
    );
    await call("listDatasetItems", 422, { ...ds, query: "?after=x" });
    await call("getDatasetImage", 200, { ...item("0"), query: "?px=8" });
    await call("getDatasetImage", 404, item("999"));
    await call("getDatasetImage", 422, item("x"));
    const { headers: cached } = await call("getDatasetOriginal", 200, item("0"));
    await call("getDatasetOriginal", 304, {
      ...item("0"),
      headers: { "If-None-Match": cached.get("ETag")! },
    });
    await call("getDatasetOriginal", 404, item("999"));
    await server.until(() => server.statusOf("/readyz"), (status) => status === 200);
    await call("getDatasetViews", 200, { ...ds, query: "?item=0&px=16&preset=cifar" });
    await call("getDatasetViews", 200, { ...ds, query: "?item=0&px=16&pairs=2&augmentation=byol" });
    await call("getDatasetViews", 422, { ...ds, query: "?item=-1" });
    const { headers: columns } = await call("getDatasetColumns", 200, ds);
    await call("getDatasetColumns", 304, { ...ds, headers: { "If-None-Match": columns.get("ETag")! } });
    await call("getDatasetColumns", 409, { ...ds, query: "?fingerprint=another" });
    assertEquals((await call("getAtlasLayout", 200, ds)).body.count, 1);
    await call("getAtlasLayout", 422, { ...ds, query: "?px=1" });
    const { headers: drawn } = await call("getAtlas", 200, { ...item("0"), query: "?px=24" });
    const hasIt = { "If-None-Match": drawn.get("ETag")! };
    await call("getAtlas", 304, { ...item("0"), query: "?px=24", headers: hasIt });
    await call("getAtlas", 404, item("1"));
    assertEquals((await call("listRejectedFiles", 200, ds)).body.data.length, 2);
    await call("listRejectedFiles", 404, noDataset);
    assert((await call("listDuplicates", 200, ds)).body.data.length > 0);
    await call("listDuplicates", 422, { ...ds, query: "?limit=x" });

    // Jobs.
    const pretrain = { kind: "pretrain", dataset, config: CONFIG, metadata: { of: "the walk" } };
    const once = { "Idempotency-Key": "walk-1" };
    const { body: { id: job } } = await call("submitJob", 202, { json: pretrain, headers: once });
    await call("submitJob", 422, { json: { ...pretrain, metadata: {} }, headers: once });
    await call("submitJob", 400, { headers: { "Content-Type": "application/json" }, body: "{" });
    await call("submitJob", 404, { json: { ...pretrain, dataset: `ds_${NONE}` } });
    await call("estimateJob", 200, { json: pretrain });
    await call("estimateJob", 400, { headers: { "Content-Type": "application/json" }, body: "{" });
    await call("estimateJob", 404, { json: { ...pretrain, dataset: `ds_${NONE}` } });
    await call("estimateJob", 415, { headers: { "Content-Type": "text/plain" }, body: "{}" });
    await call("estimateJob", 422, { json: { ...pretrain, config: {} } });
    await call("submitJob", 415, { headers: { "Content-Type": "text/plain" }, body: "{}" });
    await call("submitJob", 422, {
      json: { kind: "pretrain", dataset, config: { arch: "vgg", epochs: 0, x: 1 } },
    });
    const { headers: listed } = await call("listJobs", 200, { query: "?kind=knn&status=failed,cancelled" });
    await call("listJobs", 304, {
      ...{ query: "?kind=knn&status=failed,cancelled", headers: { "If-None-Match": listed.get("ETag")! } },
    });
    await call("listJobs", 422, { query: "?status=sleeping" });
    const one = { path: { id: job } };
    const { body: stream } = await call("followJob", 200, one); // it ends with the job
    for (const type of ["status", "metrics", "checkpoint"]) {
      assert(stream.includes(`event: ${type}\n`), stream);
    }
    const { body: events } = await call("followJob", 200, {
      ...one,
      headers: { Accept: "application/json" },
    });
    const backwards = { ...one, query: "?order=desc&type=status", headers: { Accept: "application/json" } };
    assertEquals((await call("followJob", 200, backwards)).body.data[0].data.status, "succeeded");
    await call("followJob", 204, { ...one, headers: { "Last-Event-ID": String(events.data.at(-1).seq) } });
    await call("followJob", 400, { ...one, headers: { "Last-Event-ID": "x" } });
    await call("getJob", 200, one);
    await call("getJob", 404, { path: { id: `job_${NONE}` } });
    assert((await call("getJobMetrics", 200, one)).body.data.length > 0);
    assert((await call("getJobMetrics", 200, { ...one, query: "?format=csv" })).body.includes("loss"));
    await call("getJobMetrics", 200, { ...one, query: "?format=columns&columns=loss,lr&points=2" });
    await call("getJobMetrics", 422, { ...one, query: "?format=xml" });
    for (const act of ["cancelJob", "pauseJob", "resumeJob"]) await call(act, 409, one);
    const { body: { id: long } } = await call("submitJob", 202, {
      json: { ...pretrain, config: { ...CONFIG, steps: 5000 } },
    });
    const two = { path: { id: long } };
    await until("getJob", { id: long }, "running");
    await call("pauseJob", 200, two);
    await call("deleteDataset", 409, ds);
    await call("resumeJob", 200, two);
    await call("cancelJob", 200, two);

    // Checkpoints.
    const { body: { data: [last, first] } } = await call("listJobCheckpoints", 200, one);
    await call("listJobCheckpoints", 404, { path: { id: "job_1" } });
    assertEquals((await call("listJobFiles", 200, one)).body.data, []);
    await call("listJobFiles", 404, { path: { id: "job_1" } });
    await call("getJobFile", 404, { path: { id: job, name: "nothing" } });
    const knn = { checkpoint: last.id, k: 3, bank_split: "train", query_split: "test" };
    const { body: { id: judged } } = await call("submitJob", 202, {
      json: { kind: "knn", dataset, config: knn },
    });
    await until("getJob", { id: judged }, "succeeded");
    const { body: { id: embedded } } = await call("submitJob", 202, {
      json: { kind: "embed", dataset, config: { checkpoint: last.id } },
    });
    await until("getJob", { id: embedded }, "succeeded");
    const made = { path: { id: embedded } };
    for (const { name } of (await call("listJobFiles", 200, made)).body.data) {
      const path = { id: embedded, name }, { headers: told } = await call("getJobFile", 200, { path });
      await call("getJobFile", 206, { path, headers: { Range: "bytes=0-7" } });
      await call("getJobFile", 304, { path, headers: { "If-None-Match": told.get("ETag")! } });
      await call("getJobFile", 416, { path, headers: { Range: "bytes=999999999-" } });
    }
    const { body: { id: probed } } = await call("submitJob", 202, {
      json: { kind: "linear_probe", dataset, config: { checkpoint: last.id, lbfgs: { lambdas: [1] } } },
    });
    await until("getJob", { id: probed }, "succeeded");
    const judgements = { path: { id: last.id } }, asMarkdown = { headers: { Accept: "text/markdown" } };
    assertEquals((await call("listCheckpointEvaluations", 200, judgements)).body.data.length, 2);
    await call("listCheckpointEvaluations", 200, { ...judgements, ...asMarkdown });
    await call("listCheckpointEvaluations", 404, { path: { id: `ckpt_${NONE}` } });
    await call("listJobEvaluations", 200, { ...one, query: "?format=markdown" });
    await call("listJobEvaluations", 422, { ...one, query: "?format=pdf" });
    await call("getCheckpoint", 200, { path: { id: last.id } });
    await call("listCheckpoints", 200, { query: "?limit=1" });
    await call("listCheckpoints", 422, { query: "?limit=x" });
    await call("getCheckpoint", 404, { path: { id: `ckpt_${NONE}` } });
    const file = (name: string, headers = {}) => ({ path: { id: last.id, name }, headers });
    for (const { name } of last.files) await call("getCheckpointFile", 200, file(name));
    const { headers } = await call(
      "getCheckpointFile",
      206,
      file("model.safetensors", { Range: "bytes=0-7" }),
    );
    await call(
      "getCheckpointFile",
      304,
      file("model.safetensors", { "If-None-Match": headers.get("ETag")! }),
    );
    await call("getCheckpointFile", 416, file("model.safetensors", { Range: "bytes=999999999-" }));
    await call("getCheckpointFile", 404, file("nothing"));
    await call("getCheckpointFile", 200, file("model.onnx"));
    await call("getCheckpointFile", 422, { ...file("config.json"), query: "?layout=timm" }); // of a 3×3 stem
    const archive = { path: { id: last.id } };
    await call("getCheckpointArchive", 200, archive);
    await call("getCheckpointArchive", 206, {
      ...archive,
      query: "?layout=onnx",
      headers: { Range: "bytes=512-999" },
    });
    await call("getCheckpointArchive", 422, { ...archive, query: "?layout=keras" });
    await call("getCheckpointArchive", 404, { path: { id: `ckpt_${NONE}` } });

    const bytes = await (await server.fetch(`/v1/checkpoints/${last.id}/files/model.safetensors`)).bytes();
    const asBytes = { "Content-Type": "application/octet-stream" };
    const { body: taken } = await call("importCheckpoint", 201, {
      ...{ query: "?arch=cifar_resnet8&px=16", headers: asBytes, body: bytes },
    });
    assertEquals([taken.job, taken.files[0].sha256], [null, last.files[0].sha256]);
    await call("importCheckpoint", 400, { headers: asBytes });
    await call("importCheckpoint", 415, { headers: asBytes, body: "PK\x03\x04 and more" });
    await call("importCheckpoint", 422, { query: "?mean=1,2", headers: asBytes, body: bytes });
    await call("importCheckpoint", 422, { query: "?arch=resnet18", headers: asBytes, body: bytes });

    // Models.
    const alias = { path: { id: "walk" } };
    await call("setModelAlias", 200, { ...alias, json: { checkpoint: last.id } });
    await call("setModelAlias", 422, { ...alias, json: { checkpoint: 1 } });
    await call("setModelAlias", 404, { ...alias, json: { checkpoint: `ckpt_${NONE}` } });
    await call("getModel", 200, alias);
    await call("getModel", 404, { path: { id: "nothing" } });
    assert((await call("listModels", 200)).body.data.length >= 2);
    await call("listModels", 422, { query: "?limit=-1" });
    const png = new Uint8Array(await encodePng(noise(16, 1))),
      input = `data:image/png;base64,${png.toBase64()}`;
    await call("createEmbeddings", 200, { json: { model: "walk", input: [input, { image: input }] } });
    await call("createEmbeddings", 200, { json: { model: "walk", input, encoding_format: "base64" } });
    await call("createEmbeddings", 200, { json: { model: "walk", input: [input, "bad"], partial: true } });
    const asPng = { "Content-Type": "image/png" };
    await call("createEmbeddings", 200, { query: "?model=walk&normalize=true", headers: asPng, body: png });
    const asArray = { ...asPng, Accept: "application/x-npy" };
    await call("createEmbeddings", 200, { query: "?model=walk", headers: asArray, body: png });
    await call("createEmbeddings", 400, { json: { model: "walk", input: "no image" } });
    await call("createEmbeddings", 404, { json: { model: "nothing", input } });
    await call("createEmbeddings", 415, { headers: { "Content-Type": "text/plain" }, body: "x" });
    await call("createEmbeddings", 422, { json: { model: "walk", input: "https://example.org/1.png" } });
    const near = { model: "walk", dataset, input: { item: 0 } };
    await call("findNeighbors", 200, {
      json: { ...near, input: [{ item: 0 }, input], k: 3, split: "train" },
    });
    await call("findNeighbors", 200, { query: `?model=walk&dataset=${dataset}`, headers: asPng, body: png });
    await call("findNeighbors", 400, { json: { ...near, input: "no image" } });
    await call("findNeighbors", 404, { json: { ...near, model: "nothing" } });
    await call("findNeighbors", 404, { json: { ...near, dataset: `ds_${NONE}` } });
    await call("findNeighbors", 415, { headers: { "Content-Type": "text/plain" }, body: "x" });
    await call("findNeighbors", 422, { json: { ...near, k: 0 } });

    const onMap = (components: string) => ({ ...ds, query: `?model=walk&components=${components}` });
    for (let status = 202; status === 202;) {
      const response = await server.fetch(`/v1/datasets/${dataset}/projection?model=walk`);
      await contract.check("getProjection", response);
      status = response.status;
    }
    assertEquals((await call("getProjection", 200, onMap("3"))).body.data[0].length, 3);
    const { headers: mapped } = await call("getProjection", 200, {
      ...{ ...onMap("50"), headers: { Accept: "application/x-npy" } },
    });
    await call("getProjection", 304, {
      ...onMap("50"),
      headers: { "Accept": "application/x-npy", "If-None-Match": mapped.get("ETag")! },
    });
    await call("getProjection", 404, { ...ds, query: "?model=nothing" });
    await call("getProjection", 422, onMap("51"));

    await call("createClassifications", 422, { json: { model: "walk", input } }); // it only embeds
    const plain = decodeSafetensors(bytes),
      head = [[2, 64], [2]].map((shape) => ({
        ...{ shape, data: new Float32Array(shape[0] * (shape[1] ?? 1)).fill(0.5) },
      }));
    const { body: { id: classifier } } = await call("importCheckpoint", 201, {
      headers: asBytes,
      body: encodeSafetensors(plain.set("fc.weight", head[0]).set("fc.bias", head[1])),
    });
    const likely = { json: { model: classifier, input: [input, "bad"], partial: true, top_k: 1 } };
    const { body: found } = await call("createClassifications", 200, likely);
    assertEquals(found.data, [{ index: 0, labels: [{ label: "0", score: 0.5 }] }]);
    await call("createClassifications", 200, {
      ...{ query: `?model=${classifier}&top_k=2`, headers: asPng, body: png },
    });
    await call("createClassifications", 400, { json: { model: classifier, input, top_k: 0 } });

    const { body: backup } = await call("createBackup", 201);
    await call("listBackups", 200);
    await call("deleteBackup", 204, { path: { id: backup.id } });
    await call("deleteBackup", 404, { path: { id: backup.id } });
    for (const id of ["createBackup", "listBackups"]) await call(id, 421, { host: "rebound.example" });

    // And all of it goes again.
    await call("deleteCheckpoint", 409, { path: { id: last.id } });
    await call("deleteModelAlias", 204, alias);
    await call("deleteModelAlias", 404, alias);
    await call("deleteCheckpoint", 204, { path: { id: first.id } });
    await call("deleteCheckpoint", 404, { path: { id: first.id } });
    await until("getDataset", { id: second }, "ready");
    await call("deleteDataset", 204, { path: { id: second } });
    await call("deleteDataset", 404, { path: { id: second } });

    const uncalled = [...contract.operations].filter(([id, { statuses }]) => {
      const called = [...seen.get(id) ?? []],
        refuses = statuses.some((status) => status >= 400 && status !== 500);
      return !called.some((status) => status < 400) || (refuses && !called.some((status) => status >= 400));
    });
    assertEquals(uncalled.map(([id]) => `${id} has ${[...seen.get(id) ?? []]}`), []);
  } finally {
    await server.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
});
