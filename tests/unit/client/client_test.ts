import { assertEquals, assertRejects } from "@std/assert";
import server from "../../../deno.json" with { type: "json" };
import { listen } from "../../../src/api/listen.ts";
import { Client, Refused } from "../../../src/client/client.ts";
import client from "../../../src/client/deno.json" with { type: "json" };
import { followEvents } from "../../../src/client/event_stream.ts";
import { newId } from "../../../src/domain/ids.ts";
import { withApi } from "../api/api_scene.ts";
import { CLIENT_TYPES, clientTypes } from "./client_types.ts";

Deno.test("the client's types are those of the document; else `deno task client` makes them so", async () => {
  assertEquals(await Deno.readTextFile(CLIENT_TYPES), await clientTypes());
});

Deno.test("the client is packed with the server's version, and the dependencies that it is tested with", () => {
  const { version, imports } = client;
  assertEquals(version, server.version);
  for (const [name, specifier] of Object.entries(imports)) {
    assertEquals(specifier, (server.imports as Record<string, string>)[name]);
  }
});

/** A source of event streams: each connection gives the next of `answers`, and what it was asked for is kept. */
function source(answers: (string | number | Error)[]) {
  const asked: (string | undefined)[] = [];
  const open = (last?: string) => {
    asked.push(last);
    const answer = answers.shift();
    if (answer instanceof Error) return Promise.reject(answer);
    return Promise.resolve(
      typeof answer === "string" ? new Response(answer) : new Response(null, { status: answer }),
    );
  };
  const refuse = ({ status }: Response) => Promise.resolve(new RangeError(String(status)));
  return { asked, read: (waitsMs = [0, 0]) => Array.fromAsync(followEvents(open, { refuse, waitsMs })) };
}
const event = (id: number, data = String(id)) => `id: ${id}\nevent: x\ndata: ${data}\n\n`;

Deno.test("followEvents() goes on after the last event that came, through all that breaks off, until a 204", async () => {
  const broken = new TypeError("connection reset");
  const { asked, read } = source([
    ...[`: heartbeat\n\n${event(1)}${event(2)}id: 3\ndata: cut of`, broken, 503],
    ...[event(3), event(4, "4\ndata: and more"), "", 429, event(5).replaceAll("\n", "\r\n"), 204],
  ]);
  assertEquals(await read([0, 0, 0]), [
    ...[{ id: "1", data: "1" }, { id: "2", data: "2" }, { id: "3", data: "3" }],
    ...[{ id: "4", data: "4\nand more" }, { id: "5", data: "5" }],
  ]);
  assertEquals(asked, [undefined, "2", "2", "2", "3", "4", "4", "4", "5"]);
});

Deno.test("followEvents() gives up at once on a refusal, and after some failures in a row", async () => {
  const refused = source([event(1), 404]);
  await assertRejects(() => refused.read(), RangeError, "404");
  assertEquals(refused.asked, [undefined, "1"]);
  const down = source([500, new TypeError("refused"), 502, 204]);
  await assertRejects(() => down.read(), RangeError, "502");
  await assertRejects(() => source(["", "", "", ""]).read(), Error, "again and again");
});

Deno.test("Client submits a job, follows it to its end, and throws a refusal with its problem", () =>
  withApi(async ({ app, act, runner, dataset, checkpoint }) => {
    act.train = () => Promise.resolve({ steps: 1, top1: 0.5 });
    const listening = await listen((request) => app.fetch(request), {
      hostname: "127.0.0.1",
      port: 0,
      headersMs: 60_000,
    });
    const caller = new Client(listening.url, { key: "none" });
    runner.start();
    try {
      const config = { checkpoint: checkpoint.id, k: 3 };
      const body = { kind: "knn", dataset: dataset.id, config } as const;
      const { id } = await caller.submit(body, "once");
      assertEquals((await caller.submit(body, "once")).id, id);
      assertEquals((await caller.finished(id)).result, { steps: 1, top1: 0.5 });
      const events = await Array.fromAsync(caller.events(id));
      assertEquals(events.map(({ seq }) => seq), events.map((_, i) => i + 1));
      assertEquals(events.at(-1)?.data.status, "succeeded");
      const rest = await Array.fromAsync(caller.events(id, { after: events.length - 1 }));
      assertEquals(rest, events.slice(-1));

      act.train = () => Promise.reject(new Error("no GPU"));
      const second = await caller.submit(body);
      await assertRejects(() => caller.finished(second.id), Error, `${second.id} failed`);
      await assertRejects(
        () => caller.upload(new Uint8Array(9), "application/x-tar", { name: "x" }),
        Error,
        "Cannot read the archive",
      );
      await assertRejects(() => caller.file(checkpoint, "model.safetensors"), Error, "came damaged");

      const wrong = { ...body, config: { ...config, k: 0 } };
      const refused = await assertRejects(() => caller.submit(wrong), Refused, "1 mistake");
      assertEquals([refused.response.status, refused.problem?.errors?.[0].pointer], [422, "#/config/k"]);
      const none = newId("job");
      const missing = await assertRejects(() => Array.fromAsync(caller.events(none)), Refused, none);
      assertEquals([missing.response.status, missing.problem?.error.code], [404, "not_found"]);
    } finally {
      await listening.close(1000);
    }
  }));
