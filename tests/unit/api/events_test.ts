import { assert, assertEquals } from "@std/assert";
import { eventStream } from "../../../src/api/events.ts";
import { newId } from "../../../src/domain/ids.ts";
import { aJob } from "../../contract/store_contract.ts";
import { problemOf, withApi } from "./api_scene.ts";

/** The `id event` of each message in a stream's text. */
const messages = (text: string) =>
  [...text.matchAll(/id: (\d+)\nevent: (\w+)\ndata: (.*)\n\n/g)].map(([, id, type, data]) => {
    const event = JSON.parse(data);
    assertEquals([String(event.seq), event.type], [id, type]);
    return `${id} ${type}`;
  });

Deno.test("GET …/events replays, follows, and ends with the job", () =>
  withApi(async ({ get, store, hub }) => {
    const job = aJob();
    store.createJob(job);
    store.appendEvent(job.id, "message", { text: "line\nbreak" });
    const response = await get(`/v1/jobs/${job.id}/events`, { Accept: "text/event-stream" });
    assertEquals(response.headers.get("Content-Type"), "text/event-stream; charset=utf-8");
    assertEquals(response.headers.get("X-Accel-Buffering"), "no");
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = (await reader.read()).value!;
    assertEquals(messages(text), ["1 status", "2 message"]);
    const next = reader.read();
    store.claimJob();
    hub.publish(job.id);
    text += (await next).value;
    store.moveJob(job.id, "cancelled");
    hub.publish(job.id);
    for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value;
    assertEquals(messages(text), ["1 status", "2 message", "3 status", "4 status"]);
  }));

Deno.test("GET …/events takes up after Last-Event-ID, which is stronger than ?after=", () =>
  withApi(async ({ get, store }) => {
    const job = aJob();
    store.createJob(job);
    for (let i = 0; i < 250; i++) store.appendEvent(job.id, "message", { i });
    store.moveJob(job.id, "cancelled");
    const path = `/v1/jobs/${job.id}/events`;
    assertEquals(messages(await (await get(path)).text()).length, 252);
    assertEquals(messages(await (await get(`${path}?after=250`)).text()), ["251 message", "252 status"]);
    assertEquals(messages(await (await get(`${path}?after=1`, { "Last-Event-ID": "251" })).text()), [
      "252 status",
    ]);
    assertEquals((await get(path, { "Last-Event-ID": "252" })).status, 204);
    for (
      const last of ["x", "-1", "1.5", "1e2", "0x1", "1, 2", "9".repeat(16), "NaN", "253", "999999999999999"]
    ) {
      assertEquals((await problemOf(await get(path, { "Last-Event-ID": last })))[0], 400, last);
    }
    assertEquals((await problemOf(await get(`${path}?after=253`)))[0], 400);
    assertEquals(messages(await (await get(path, { "Last-Event-ID": "0" })).text()).length, 252);
    assertEquals(messages(await (await get(path, { "Last-Event-ID": "125" })).text())[0], "126 message");
    assertEquals((await problemOf(await get(`${path}?after=-1`)))[0], 422);
    assertEquals((await problemOf(await get(`/v1/jobs/${newId("job")}/events`)))[0], 404);
    const list = await (await get(`${path}?after=3&limit=2`, { Accept: "application/json" })).json();
    assertEquals([list.data.map((e: { seq: number }) => e.seq), list.has_more, list.object], [
      [4, 5],
      true,
      "list",
    ]);
  }));

Deno.test("eventStream() beats while nothing happens, and lets go when the reader leaves", async () => {
  const listeners = new Set<() => void>();
  const source = {
    read: () => ({ page: undefined, over: false }),
    follow: (listener: () => void) => (listeners.add(listener), () => void listeners.delete(listener)),
  };
  const reader = eventStream(source, 0, 5).getReader();
  assertEquals(new TextDecoder().decode((await reader.read()).value), ":\n\n");
  const pending = reader.read();
  for (const wake of listeners) wake(); // of no event: nothing is sent for it
  assertEquals(new TextDecoder().decode((await pending).value), ":\n\n");
  assertEquals(listeners.size, 1);
  const last = reader.read();
  await reader.cancel();
  assert((await last).done);
  assertEquals(listeners.size, 0);
});

Deno.test("GET …/events as a list begins with the last event where it is asked to, and shows some types alone", () =>
  withApi(async ({ get, store }) => {
    const job = aJob(), asList = { Accept: "application/json" };
    store.createJob(job);
    store.claimJob();
    store.updateProgress(job.id, { step: 1, total_steps: 4, epoch: 1, images_per_s: 1, eta_s: 1 }, {
      loss: 1,
    });
    for (const text of ["one", "two"]) store.appendEvent(job.id, "message", { text });
    const list = async (query: string) => {
      const answer = await get(`/v1/jobs/${job.id}/events?${query}`, asList);
      if (answer.status !== 200) return await problemOf(answer);
      const { data, has_more } = await answer.json();
      return [...data.map(({ seq }: { seq: number }) => seq), has_more];
    };
    assertEquals(await list("order=desc&limit=2"), [5, 4, true]);
    assertEquals(await list("order=desc&limit=9&after=4"), [3, 2, 1, false]);
    assertEquals(await list("order=desc&limit=3&type=status,message"), [5, 4, 2, true]);
    assertEquals(await list("order=desc&type=metrics"), [3, false]);
    assertEquals(await list("type=metrics"), [422, "invalid", "#/query/type"]);
    const stream = await get(`/v1/jobs/${job.id}/events?order=desc`);
    assertEquals(await problemOf(stream), [422, "invalid", "#/query/order"]);
  }));
