import { assertEquals, assertRejects } from "@std/assert";
import { DomainError, GPU_LOST } from "../../../src/domain/errors.ts";
import type { JobProgress } from "../../../src/domain/job.ts";
import type { NeighborSearch } from "../../../src/domain/neighbors.ts";
import type { Reply } from "../../../src/ipc/messages.ts";
import { type ChildProcess, WorkerDied } from "../../../src/supervisor/child_process.ts";
import { NeighborClient } from "../../../src/supervisor/neighbor_client.ts";

const SEARCH: NeighborSearch = {
  ...{ checkpoint: "ckpt", dataset: "ds", fingerprint: "sha256:00", k: 1 },
  queries: [{ item: 5 }, { embedding: Float32Array.of(1, 2) }],
};
const FOUND = [[{ n: 1, path: "a", split: "train", class: null, similarity: 1, distance: 0 }], []];
const missing = () => new DomainError("not_found", "Cannot find the index", { type: "index_missing" });
const progressOf = (step: number): Reply => {
  const progress: JobProgress = { step, total_steps: 100, epoch: 0, images_per_s: 1, eta_s: 100 - step };
  return { type: "progress", id: 1, progress, metrics: {} };
};

/** A worker that has an index once `make` has resolved. */
class FakeWorker implements Pick<ChildProcess, "request" | "isClosed"> {
  isClosed = false;
  has = false;
  /** What it was asked, by type. */
  asked: string[] = [];
  lastPayload: Uint8Array | undefined;
  constructor(readonly make: (heard: (reply: Reply) => void, signal: AbortSignal) => Promise<void>) {}

  request: ChildProcess["request"] = async (body, payload, heard = () => {}, signal) => {
    this.asked.push(body.type);
    if (body.type === "index") {
      await this.make(heard, signal!);
      this.has = true;
      return { result: {}, payload: new Uint8Array() };
    }
    if (!this.has) throw missing();
    this.lastPayload = payload;
    return { result: {}, payload: new TextEncoder().encode(JSON.stringify(FOUND)) };
  };
}

Deno.test("NeighborClient searches what is there at once, items by number and embeddings as they are", async () => {
  const worker = new FakeWorker(() => Promise.reject(new Error("not to be made")));
  worker.has = true;
  assertEquals(await new NeighborClient(worker).find(SEARCH), FOUND);
  assertEquals([worker.asked, [...new Float32Array(worker.lastPayload!.buffer)]], [["neighbors"], [1, 2]]);
});

Deno.test("NeighborClient makes an index once, whoever asks, and tells how far it is whoever waited too long", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const worker = new FakeWorker((heard) => {
    heard(progressOf(40));
    return promise;
  });
  let built = 0;
  const client = new NeighborClient(worker, { waitMs: 50, onBuilt: () => built++ });
  const outcomes = await Promise.allSettled([client.find(SEARCH), client.find(SEARCH), client.find(SEARCH)]);
  for (const outcome of outcomes) {
    const { code, message, options } = (outcome as PromiseRejectedResult).reason as DomainError;
    assertEquals([code, options], ["unavailable", {
      ...{ type: "index_in_the_making", retryAfterSeconds: 60 },
      progress: { done: 40, total: 100 },
    }]);
    assertEquals(message, "Cannot search ds yet: 40 of its 100 images are embedded, and it goes on");
  }
  const waiting = client.find(SEARCH);
  resolve();
  assertEquals(await waiting, FOUND);
  assertEquals([worker.asked.filter((type) => type === "index").length, built], [1, 1]);
});

Deno.test("NeighborClient lets who asked go, and the index is made all the same", async () => {
  const { promise, resolve } = Promise.withResolvers<void>(), gone = new AbortController();
  const worker = new FakeWorker(() => promise), client = new NeighborClient(worker);
  const asked = client.find(SEARCH, gone.signal);
  gone.abort(new Error("gone"));
  await assertRejects(() => asked, Error, "gone");
  resolve();
  assertEquals([await client.find(SEARCH), worker.asked.filter((type) => type === "index").length], [
    FOUND,
    1,
  ]);
});

Deno.test("NeighborClient goes on after its worker's death, but not for ever without an image more", async () => {
  let life = 0;
  const worker = new FakeWorker((heard) => {
    if (++life < 6) heard(progressOf(10 * life));
    if (life === 8) return Promise.resolve();
    const lost = new DomainError("unavailable", "lost", { type: GPU_LOST });
    return Promise.reject(life % 2 ? new WorkerDied("it stopped") : lost);
  });
  const client = new NeighborClient(worker);
  const stopped = await assertRejects(() => client.find(SEARCH), DomainError, "stopped over this");
  assertEquals([stopped.code, life], ["unavailable", 7]); // the fifth was the last that got further
  assertEquals(await client.find(SEARCH), FOUND);
});

Deno.test("NeighborClient tells what an index failed with, and gives up what is not wanted", async () => {
  let why: Error = new DomainError("invalid", "Cannot search: too large", { type: "index_too_large" });
  const worker = new FakeWorker((_, signal) =>
    why ? Promise.reject(why) : new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    })
  );
  const client = new NeighborClient(worker);
  await assertRejects(() => client.find(SEARCH), DomainError, "too large");
  why = undefined as unknown as Error;
  const waiting = assertRejects(() => client.find(SEARCH), DomainError, "was deleted");
  await Promise.resolve();
  await client.giveUp(() => true);
  while (!worker.asked.slice(2).includes("index")) await new Promise((resolve) => setTimeout(resolve));
  await client.giveUp(({ checkpoint }) => checkpoint !== "ckpt");
  await waiting;
});
