import { assert, assertEquals } from "@std/assert";
import { EventPages } from "../../../src/api/event_pages.ts";
import { listen } from "../../../src/api/listen.ts";
import { aJob } from "../../contract/store_contract.ts";
import { type Scene, withApi } from "./api_scene.ts";

const STREAMS = 500;

/** Runs `check` against the app on a socket, with counts of what is asked of the database and of who follows. */
function withServer(
  check: (scene: Scene, url: string, counts: { reads: number; following: number }) => Promise<void>,
): Promise<void> {
  return withApi(async (scene) => {
    const { store, hub } = scene, counts = { reads: 0, following: 0 };
    const { listEvents, getJob } = store, subscribe = hub.subscribe.bind(hub);
    store.listEvents = (...args) => (counts.reads++, listEvents(...args));
    store.getJob = (...args) => (counts.reads++, getJob(...args));
    hub.subscribe = (...args) => {
      const end = subscribe(...args);
      counts.following++;
      return () => (counts.following--, end());
    };
    const server = await listen((request) => scene.app.fetch(request), {
      ...{ hostname: "127.0.0.1", port: 0, headersMs: 10_000 },
    });
    try {
      await check(scene, server.url, counts);
    } finally {
      await server.close(1000);
    }
  });
}
const seqs = (text: string) => [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
const upTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1);
async function until(done: () => boolean, what: string): Promise<void> {
  for (let i = 0; !done(); i++) {
    assert(i < 1000, what);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
function newJob({ store }: Scene): string {
  const job = aJob();
  store.createJob(job);
  return job.id;
}

for (const [jobs, what] of [[1, "one job"], [50, "fifty jobs"]] as const) {
  Deno.test(`${STREAMS} streams on ${what} are complete and in order, and the database is asked once for all`, () =>
    withServer(async (scene, url, counts) => {
      const EVENTS = 40, { store, hub } = scene;
      const ids = Array.from({ length: jobs }, () => newJob(scene));
      const texts = Array.from({ length: STREAMS }, async (_, i) => {
        const answer = await fetch(`${url}/v1/jobs/${ids[i % jobs]}/events`);
        return await answer.text();
      });
      await until(() => counts.following === jobs, "they do not all follow");
      await new Promise((resolve) => setTimeout(resolve, 200));
      const before = counts.reads;
      for (let event = 0; event < EVENTS; event++) {
        for (const id of ids) {
          store.appendEvent(id, "message", { event });
          hub.publish(id);
        }
        const answer = await fetch(`${url}/healthz`);
        assertEquals([answer.status, (await answer.json()).status], [200, "ok"]);
      }
      for (const id of ids) {
        store.moveJob(id, "cancelled");
        hub.publish(id);
      }
      for (const text of await Promise.all(texts)) assertEquals(seqs(text), upTo(EVENTS + 2));
      await until(() => counts.following === 0, "an ended stream still follows");
      // Those that lag read the pages that they are at; each for itself would be four for each event and stream.
      const reads = (counts.reads - before) / jobs, alone = 4 * EVENTS * STREAMS / jobs;
      assert(reads < alone / 5, `${reads} reads a job, ${alone} if each read alone`);
    }));
}

Deno.test("a thousand slow consumers hold nothing that they have not taken, and miss nothing", () =>
  withApi(async (scene) => {
    const CONSUMERS = 1000, EVENTS = 120, { store, hub } = scene, id = newJob(scene);
    const consumers = await Promise.all(Array.from({ length: CONSUMERS }, async (_, n) => {
      const { body } = await scene.get(`/v1/jobs/${id}/events`);
      return { n, reader: body!.getReader(), decoder: new TextDecoder(), text: "", taken: 0 };
    }));
    const take = async (consumer: typeof consumers[number]) => {
      const { value, done } = await consumer.reader.read();
      if (done) return false;
      consumer.text += consumer.decoder.decode(value, { stream: true });
      consumer.taken++;
      return true;
    };
    await Promise.all(consumers.map(take)); // the event of the job's creation: from now on they follow
    for (let event = 0; event < EVENTS; event++) {
      store.appendEvent(id, "message", { event });
      hub.publish(id);
      if (event % 10 > 0) continue;
      await Promise.all(consumers.filter(({ n }) => n % 10 === 0 && event % (n % 3 + 1) === 0).map(take));
    }
    store.moveJob(id, "cancelled");
    hub.publish(id);
    await Promise.all(consumers.map(async (consumer) => {
      while (await take(consumer));
    }));
    const expected = upTo(EVENTS + 2);
    for (const { n, text, taken } of consumers) {
      assertEquals(seqs(text), expected);
      // One that took nothing meanwhile gets pages that are made then: none was kept for it, event by event.
      if (n % 10 > 0) assert(taken <= 4, `${taken} pieces were in store for it`);
    }
  }));

Deno.test("a client that reads nothing holds nothing up and misses nothing", () =>
  withServer(async (scene, url, counts) => {
    const EVENTS = 10_000, { store, hub } = scene, id = newJob(scene), { hostname, port } = new URL(url);
    const slow = await Deno.connect({ hostname, port: Number(port) });
    await slow.write(
      new TextEncoder().encode(`GET /v1/jobs/${id}/events HTTP/1.1\r\nHost: localhost\r\n\r\n`),
    );
    await until(() => counts.following === 1, "it does not follow");
    // In memory, for each would be synced to the disk; after the one of the job's creation.
    const log = store.listEvents(id, 0, 1), { listEvents } = store, text = "x".repeat(2000);
    store.listEvents = (job, after, limit) => (listEvents(job, after, 0), log.slice(after, after + limit));
    const append = () => log.push({ ...log[0], seq: log.length + 1, type: "message", data: { text } });
    while (log.length <= EVENTS) {
      append();
      if (log.length % 100 > 0) continue;
      hub.publish(id);
      await new Promise((resolve) => setTimeout(resolve, 1)); // whatever wants to run ahead may
    }
    const took = counts.reads;
    await new Promise((resolve) => setTimeout(resolve, 300));
    // What the system's own buffers hold is read, and no page more.
    const pagesRead = counts.reads - took;
    assert(pagesRead <= 2, `${pagesRead} pages were read for a client that takes none`);
    append();
    store.moveJob(id, "cancelled");
    hub.publish(id);
    const stalled = counts.reads;
    let got = "", end = "";
    const decoder = new TextDecoder();
    for await (const chunk of slow.readable) {
      const part = decoder.decode(chunk, { stream: true });
      got += part;
      end = (end + part).slice(-7);
      if (end === "\r\n0\r\n\r\n") break;
    }
    assertEquals(seqs(got.replaceAll(/\r\n[0-9a-f]+\r\n/g, "")), upTo(EVENTS + 2));
    assert(
      counts.reads - stalled > 10,
      "the system's own buffers held it all: is this test stalling anything?",
    );
  }));

Deno.test("a stream whose client goes, or never reads, follows no more", () =>
  withServer(async (scene, url, counts) => {
    const id = newJob(scene), path = `${url}/v1/jobs/${id}/events`, gone = new AbortController();
    const answers = await Promise.all(Array.from({ length: 20 }, () => fetch(path, { signal: gone.signal })));
    await until(() => counts.following === 1, "they do not follow");
    gone.abort();
    await Promise.all(answers.map(({ body }) => body!.cancel().catch(() => {})));
    await until(() => counts.following === 0, "one that is gone still follows");
    assertEquals((await fetch(path, { method: "HEAD" })).status, 200);
    assertEquals(counts.following, 0);
  }));

Deno.test("EventPages finds what the hub has not told of, and an end only after the last event", () =>
  withApi((scene) => {
    const { store, hub } = scene, id = newJob(scene), pages = new EventPages(store, hub, 0);
    const end = pages.follow(id, () => {});
    const page = (after: number) => {
      const { page, over } = pages.read(id, after);
      return [page && seqs(new TextDecoder().decode(page.bytes)), page?.lastSeq, over];
    };
    assertEquals([page(0), page(1)], [[[1], 1, false], [undefined, undefined, false]]);
    store.appendEvent(id, "message", {});
    assertEquals(page(1), [[2], 2, false]);
    store.moveJob(id, "cancelled");
    assertEquals([page(2), page(3)], [[[3], 3, true], [undefined, undefined, true]]);
    end();
    // Told of by the hub alone: what was known before does not outlive the change.
    const other = newJob(scene), slow = new EventPages(store, hub, 1e9);
    slow.follow(other, () => {});
    assertEquals(slow.read(other, 1), { page: undefined, over: false });
    store.moveJob(other, "cancelled");
    assertEquals(slow.read(other, 1), { page: undefined, over: false });
    hub.publish(other);
    assertEquals([slow.read(other, 1).page?.lastSeq, slow.read(other, 1).over], [2, true]);
    return Promise.resolve();
  }));
