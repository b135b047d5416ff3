import { assertEquals } from "@std/assert";
import { newId } from "../../../src/domain/ids.ts";
import { aJob } from "../../contract/store_contract.ts";
import { chunked, problemOf, withApi } from "./api_scene.ts";

const config = { arch: "cifar_resnet8", batch: 16, steps: 1 };
const PROGRESS = { step: 1, total_steps: 4, epoch: 0.25, images_per_s: 10, eta_s: 3 };

Deno.test("POST /v1/jobs queues, and the same Idempotency-Key gives the same job", () =>
  withApi(async ({ get, post, dataset }) => {
    const body = { kind: "pretrain", dataset: dataset.id, config };
    const first = await post("/v1/jobs", body, { "Idempotency-Key": "k" });
    const job = await first.json();
    assertEquals([first.status, job.status, job.config.tau], [202, "queued", 0.95]);
    assertEquals(first.headers.get("Location"), `/v1/jobs/${job.id}`);
    assertEquals((await (await post("/v1/jobs", body, { "Idempotency-Key": "k" })).json()).id, job.id);
    const other = await post("/v1/jobs", { ...body, metadata: { a: "b" } }, { "Idempotency-Key": "k" });
    assertEquals(await problemOf(other), [422, "idempotency_key_reused"]);
    assertEquals(await (await get(`/v1/jobs/${job.id}`)).json(), job);
    const { data } = await (await get(`/v1/jobs?status=queued&kind=pretrain&dataset=${dataset.id}`)).json();
    assertEquals(data, [job]);
    assertEquals((await (await get("/v1/jobs?kind=knn")).json()).data, []);
  }));

Deno.test("POST /v1/jobs makes one job of the same request at once, and after a lost answer", () =>
  withApi(async ({ post, store, dataset }) => {
    const made = () => store.listJobs({ status: "queued" }, { limit: 10 }).data.length;
    for (const [i, headers] of ([{ "Idempotency-Key": "k" }, undefined] as const).entries()) {
      const body = { kind: "pretrain", dataset: dataset.id, config: { ...config, seed: i } };
      const answers = await Promise.all(Array.from({ length: 5 }, () => post("/v1/jobs", body, headers)));
      answers.push(await post("/v1/jobs", body, headers));
      assertEquals(answers.map(({ status }) => status), Array(6).fill(202));
      const ids = await Promise.all(answers.map(async (answer) => (await answer.json()).id));
      assertEquals([new Set(ids).size, made()], [1, i + 1]);
    }
  }));

Deno.test("POST /v1/jobs reports three mistakes of a config as three pointers", () =>
  withApi(async ({ post, dataset }) => {
    const wrong = { arch: "vgg", batch: -1, steps: 1, optimizer: { name: "lars", base_lr: "high" } };
    const answer = await post("/v1/jobs", { kind: "pretrain", dataset: dataset.id, config: wrong });
    const problem = await answer.clone().json();
    assertEquals(await problemOf(answer), [
      ...[422, "invalid", "#/config/arch", "#/config/batch", "#/config/optimizer/base_lr"],
    ]);
    assertEquals([problem.type, problem.error.param, problem.error.type], [
      ...["/problems/invalid", "config.arch", "invalid_request_error"],
    ]);
  }));

Deno.test("POST /v1/jobs tells what is no JSON, not said to be JSON, too long, and of an unknown dataset", () =>
  withApi(async ({ app, post }) => {
    const send = async (body: BodyInit | undefined, headers: Record<string, string>) =>
      await problemOf(await app.request("/v1/jobs", { method: "POST", body, headers }));
    const json = { "Content-Type": "application/json" };
    assertEquals(await send("{bad", json), [400, "malformed", "#"]);
    assertEquals(await send(undefined, json), [400, "malformed", "#"]);
    assertEquals(await send("[".repeat(1500), json), [400, "malformed", "#"]);
    assertEquals(await send(Uint8Array.of(0x22, 0xff, 0x22), json), [400, "malformed", "#"]);
    assertEquals(await send("[]", json), [400, "malformed", "#"]);
    assertEquals(await send("{}", json), [422, "invalid", "#/kind", "#/dataset", "#/config"]);
    assertEquals(await send(new TextEncoder().encode("{}"), {}), [415, "unsupported_media_type"]);
    assertEquals((await send("{}", { "Content-Type": "text/plain" }))[0], 415);
    assertEquals(await send(chunked(new Uint8Array(500).fill(32), 1000), json), [413, "too_large"]);
    assertEquals((await send("{}", { ...json, "Content-Length": "99999" }))[0], 413);
    const unknown = await post("/v1/jobs", { kind: "pretrain", dataset: newId("ds"), config });
    assertEquals(await problemOf(unknown), [404, "not_found", "#/dataset"]);
  }));

Deno.test("POST /v1/jobs/{id}/cancel cancels once", () =>
  withApi(async ({ post, dataset }) => {
    const job = await (await post("/v1/jobs", { kind: "pretrain", dataset: dataset.id, config })).json();
    const cancelled = await post(`/v1/jobs/${job.id}/cancel`, undefined);
    assertEquals([cancelled.status, (await cancelled.json()).status], [200, "cancelled"]);
    assertEquals(await problemOf(await post(`/v1/jobs/${job.id}/cancel`, undefined)), [409, "conflict"]);
    assertEquals((await problemOf(await post(`/v1/jobs/${newId("job")}/cancel`, undefined)))[0], 404);
  }));

Deno.test("POST /v1/jobs/{id}/pause and /resume do so where the state allows it", () =>
  withApi(async ({ post, dataset, runner, act, store }) => {
    const started = Promise.withResolvers<void>();
    act.train = (_task, _report, signal) => {
      started.resolve();
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    };
    const job = await (await post("/v1/jobs", { kind: "pretrain", dataset: dataset.id, config })).json();
    const tell = async (verb: string) => await post(`/v1/jobs/${job.id}/${verb}`, undefined);
    const resumed = async () => {
      const response = await tell("resume");
      return [response.status, (await response.json()).status];
    };
    assertEquals(await problemOf(await tell("resume")), [409, "conflict"]); // queued
    assertEquals((await tell("pause")).status, 200);
    assertEquals(await problemOf(await tell("pause")), [409, "conflict"]);
    assertEquals(await resumed(), [200, "queued"]);
    runner.start();
    await started.promise;
    assertEquals(await problemOf(await tell("resume")), [409, "conflict"]); // running
    const paused = await (await tell("pause")).json();
    assertEquals([paused.status, paused.attempt], ["paused", 0]);
    assertEquals((await tell("cancel")).status, 200);
    assertEquals(await problemOf(await tell("resume")), [409, "conflict"]);
    assertEquals(await problemOf(await tell("pause")), [409, "conflict"]);
    assertEquals(store.getJob(job.id)!.status, "cancelled");
    for (const verb of ["pause", "resume"]) {
      assertEquals((await problemOf(await post(`/v1/jobs/${newId("job")}/${verb}`, undefined)))[0], 404);
    }
  }));

Deno.test("GET …/metrics shows each step once, as the attempt that got furthest told it last", () =>
  withApi(async ({ get, store, dataset }) => {
    const job = aJob({ dataset: dataset.id });
    store.createJob(job);
    store.claimJob();
    const told = (step: number, loss: number) =>
      store.updateProgress(job.id, { ...PROGRESS, step }, { loss });
    for (const step of [10, 25, 40, 50]) told(step, 1);
    store.moveJob(job.id, "queued"); // the worker died past its checkpoint of step 20
    store.claimJob();
    for (const step of [25, 45, 60]) told(step, 2);
    store.claimJob();
    told(55, 3); // and again, past that of step 50
    const { data } = await (await get(`/v1/jobs/${job.id}/metrics`)).json();
    const expected = [[10, 1], [25, 2], [45, 2], [55, 3]];
    assertEquals(data.map(({ step, loss }: Record<string, number>) => [step, loss]), expected);
    const csv = await (await get(`/v1/jobs/${job.id}/metrics?format=csv`)).text();
    assertEquals(csv.trim().split("\r\n").slice(1).map((line) => Number(line.split(",")[0])), [
      ...[10, 25, 45, 55],
    ]);
    const events = store.listEvents(job.id, 0, 100).filter(({ type }) => type === "metrics");
    assertEquals(events.length, 8, "the log keeps everything");
  }));

Deno.test("a submitted job runs, and its metrics are there as JSON and CSV", () =>
  withApi(async ({ get, post, dataset, runner, act, hub, store }) => {
    act.train = (_task, report) => {
      report.progress(PROGRESS, { loss: 1.5 });
      report.progress({ ...PROGRESS, step: 2, eta_s: null }, { loss: 1.25, tau: 0.99 });
      return Promise.resolve({ steps: 2 });
    };
    runner.start();
    const job = await (await post("/v1/jobs", { kind: "pretrain", dataset: dataset.id, config })).json();
    while (store.getJob(job.id)!.status !== "succeeded") {
      await new Promise<void>((resolve) => {
        const off = hub.subscribe(job.id, () => (off(), resolve()));
      });
    }
    const { data } = await (await get(`/v1/jobs/${job.id}/metrics`)).json();
    assertEquals(data.map((row: Record<string, number>) => [row.step, row.loss, row.tau]), [
      ...[[1, 1.5, undefined], [2, 1.25, 0.99]],
    ]);
    const csv = await get(`/v1/jobs/${job.id}/metrics?format=csv`);
    const [head, first, second] = (await csv.text()).split("\r\n").map((line) => line.split(","));
    assertEquals(head, [
      "step",
      "total_steps",
      "epoch",
      "images_per_s",
      "eta_s",
      "loss",
      "created_at",
      "tau",
    ]);
    assertEquals([first.slice(0, 6), second.slice(0, 6)], [
      ...[["1", "4", "0.25", "10", "3", "1.5"], ["2", "4", "0.25", "10", "", "1.25"]],
    ]);
    assertEquals((await problemOf(await get(`/v1/jobs/${job.id}/metrics?format=xml`)))[0], 422);
  }));

Deno.test("GET /v1/jobs takes several states, says what was sent of a config, and answers 304 while nothing changes", () =>
  withApi(async ({ get, post, store, dataset }) => {
    const optimizer = { name: "lars", base_lr: 2 };
    const body = { kind: "pretrain", dataset: dataset.id, config: { ...config, optimizer } };
    const { id, given } = await (await post("/v1/jobs", body)).json();
    assertEquals(given, ["/arch", "/batch", "/steps", "/optimizer/name", "/optimizer/base_lr"]);
    const old = aJob({ status: "failed", dataset: dataset.id });
    store.createJob(old);
    const listed = async (query: string, headers?: Record<string, string>) => {
      const answer = await get(`/v1/jobs?${query}`, headers), tag = answer.headers.get("ETag")!;
      return {
        status: answer.status,
        tag,
        ids: (await answer.json()).data?.map((job: { id: string }) => job.id),
      };
    };
    assertEquals((await listed("status=queued,failed")).ids.sort(), [id, old.id].sort());
    assertEquals((await listed("status=queued&status=failed")).ids.length, 2);
    const { tag, ids } = await listed("status=failed");
    assertEquals(ids, [old.id]);
    const again = await get("/v1/jobs?status=failed", { "If-None-Match": tag });
    assertEquals([again.status, await again.text(), again.headers.get("ETag")], [304, "", tag]);
    store.moveJob(id, "running");
    assertEquals((await get("/v1/jobs?status=failed", { "If-None-Match": tag })).status, 304);
    assertEquals((await listed("status=running,failed", { "If-None-Match": tag })).status, 200);
    assertEquals(await problemOf(await get("/v1/jobs?status=queued,asleep")), [
      ...[422, "invalid", "#/query/status/1"],
    ]);
  }));
