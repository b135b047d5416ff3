import { assertEquals, assertRejects } from "@std/assert";
import { DomainError } from "../../../src/domain/errors.ts";
import type { Reply } from "../../../src/ipc/messages.ts";
import { type ChildProcess, WorkerDied } from "../../../src/supervisor/child_process.ts";
import { NeighborClient } from "../../../src/supervisor/neighbor_client.ts";
import { ProjectionClient } from "../../../src/supervisor/projection_client.ts";

const KEY = { checkpoint: "ckpt", dataset: "ds", fingerprint: "sha256:00" };
const missing = () => new DomainError("not_found", "Cannot find the index", { type: "index_missing" });
const progressOf = (step: number): Reply => {
  const progress = { step, total_steps: 100, epoch: 0, images_per_s: 1, eta_s: 9 };
  return { type: "progress", id: 1, progress, metrics: {} };
};
type Work = (heard: (reply: Reply) => void, signal: AbortSignal) => Promise<void>;

/** A client, and what its worker was asked, by type. */
function clientOf(work: { project: Work; index?: Work }, options = {}) {
  const asked: string[] = [];
  const request: ChildProcess["request"] = async (body, _payload, heard = () => {}, signal) => {
    asked.push(body.type);
    await work[body.type as "project" | "index"]!(heard, signal!);
    return { result: {}, payload: new Uint8Array() };
  };
  const child = { request, isClosed: false };
  const client = new ProjectionClient(child, new NeighborClient(child), { waitMs: 20, ...options });
  return { client, asked };
}
const untilAborted: Work = (_, signal) =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

Deno.test("ProjectionClient has the embeddings made first, and tells how far each is", async () => {
  const index = Promise.withResolvers<void>(), project = Promise.withResolvers<void>();
  let has = false;
  const { client, asked } = clientOf({
    project: (heard) => {
      if (!has) return Promise.reject(missing());
      heard(progressOf(70));
      return project.promise;
    },
    index: async (heard) => {
      heard(progressOf(40));
      await index.promise;
      has = true;
    },
  });
  const far = { stage: "embedding", done: 40, total: 100, eta_s: 9 };
  assertEquals(await Promise.all([client.make(KEY), client.make(KEY)]), [far, far] as never);
  index.resolve();
  assertEquals(await client.make(KEY), { ...far, stage: "projecting", done: 70 } as never);
  project.resolve();
  assertEquals(await client.make(KEY), undefined);
  assertEquals(asked, ["project", "index", "project"]);
  client.close();
});

Deno.test("ProjectionClient gives up what nobody asks for any more, and the embeddings with it", async () => {
  const ended = Promise.withResolvers<void>();
  const { client, asked } = clientOf({
    project: () => Promise.reject(missing()),
    index: (heard, signal) => untilAborted(heard, signal).finally(ended.resolve),
  }, { idleMs: 60 });
  assertEquals((await client.make(KEY))?.stage, "waiting");
  await ended.promise;
  assertEquals((await client.make(KEY))?.stage, "waiting");
  assertEquals(asked.filter((type) => type === "index").length, 2);
  client.close();
});

Deno.test("ProjectionClient lets a search have the embeddings that it has begun to make", async () => {
  const made = Promise.withResolvers<void>();
  let aborted = false;
  const child = {
    isClosed: false,
    request: (async (body, _payload, _heard, signal) => {
      if (body.type !== "index") throw missing();
      signal!.addEventListener("abort", () => aborted = true);
      await made.promise;
      return { result: {}, payload: new Uint8Array() };
    }) as ChildProcess["request"],
  };
  const indexes = new NeighborClient(child, { waitMs: 10 });
  const client = new ProjectionClient(child, indexes, { waitMs: 10 });
  await client.make(KEY);
  await assertRejects(() => indexes.find({ ...KEY, k: 1, queries: [{ item: 0 }] }), DomainError, "yet");
  client.close();
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(aborted, false);
  made.resolve();
});

Deno.test("ProjectionClient tells once what failed, tries again after its worker's death, and ends with its dataset", async () => {
  let deaths = 0, why: Error | undefined = new DomainError("disk_full", "Cannot keep it: full");
  const { client } = clientOf({
    project: (heard, signal) => {
      if (why) return Promise.reject(why);
      return deaths-- > 0 ? Promise.reject(new WorkerDied("it stopped")) : untilAborted(heard, signal);
    },
  });
  await assertRejects(() => client.make(KEY), DomainError, "full");
  why = undefined;
  deaths = 2;
  assertEquals((await client.make(KEY))?.stage, "waiting");
  const waiting = assertRejects(() => client.make(KEY), DomainError, "nobody wanted it");
  await client.giveUp(() => true);
  await client.giveUp(() => false);
  await waiting;
  deaths = 3;
  assertEquals((await assertRejects(() => client.make(KEY), DomainError)).code, "unavailable");
  client.close();
});
