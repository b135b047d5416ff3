import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { readConfig } from "../../src/config.ts";
import { decoderFolders } from "../../src/data/decoder_folders.ts";
import { workerCommand } from "../../src/supervisor/commands.ts";
import { TestServer } from "./server.ts";

Deno.test({
  name: "Deno's own switch sends spans, metrics and logs to an OpenTelemetry collector",
  // The server and its children outlive steps; the last line ends them.
  sanitizeOps: false,
  sanitizeResources: false,
}, async () => {
  const got = new Map<string, Set<string>>();
  const collector = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url), names = got.get(pathname) ?? new Set();
    for (const [, name] of (await request.text()).matchAll(/"name":\s*"([^"]+)"/g)) names.add(name);
    got.set(pathname, names);
    return Response.json({});
  });
  const dataDir = await Deno.makeTempDir({ prefix: "latentd-e2e-otel-" });
  const server = await TestServer.start(dataDir, {
    ...{ OTEL_DENO: "true", OTEL_EXPORTER_OTLP_PROTOCOL: "http/json", OTEL_METRIC_EXPORT_INTERVAL: "500" },
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.addr.port}`,
  });
  try {
    assert(await server.statusOf("/healthz") === 200);
    const wanted = [["/v1/traces", "GET"], ["/v1/metrics", "http.server.request.duration"]];
    await server.until(
      () => Promise.resolve(Object.fromEntries([...got].map(([path, names]) => [path, [...names]]))),
      (so) => wanted.every(([path, name]) => so[path]?.includes(name)) && "/v1/logs" in so,
      60,
    );
  } finally {
    await server.stop();
    await collector.shutdown();
    await Deno.remove(dataDir, { recursive: true });
  }
});

Deno.test("children send nothing to a collector: their lines go through the server's log", async () => {
  let received = 0;
  const collector = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    await request.body?.cancel();
    received++;
    return Response.json({});
  });
  const dataDir = await Deno.makeTempDir({ prefix: "latentd-e2e-otel-" });
  const main = fromFileUrl(new URL("../../main.ts", import.meta.url));
  const config = { ...readConfig(() => undefined), dataDir };
  const { program, args, env } = workerCommand("ingest", {
    ...{ main, config, dataDir, decoders: decoderFolders(), sharp: [], runtimeDirectory: "/tmp" },
  });
  const otel = {
    ...{ OTEL_DENO: "true", OTEL_EXPORTER_OTLP_PROTOCOL: "http/json" },
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.addr.port}`,
  };
  const receivedFrom = async (env: Record<string, string>) => {
    received = 0;
    const command = new Deno.Command(program, { args, env, stdin: "null", stdout: "null" }); // ends once it is ready
    assert((await command.output()).success);
    return received;
  };
  try {
    // As it would be if it inherited them: else this test would look at nothing.
    assert(await receivedFrom({ ...env, ...otel }) > 0, "a child sends nothing even if it is told to");
    assertEquals(await receivedFrom({ ...otel, ...env }), 0);
  } finally {
    await collector.shutdown();
    await Deno.remove(dataDir, { recursive: true });
  }
});
