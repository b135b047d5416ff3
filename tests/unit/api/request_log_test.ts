import { assertEquals, assertMatch } from "@std/assert";
import { configureLog } from "../../../src/log/log.ts";
import { withApi } from "./api_scene.ts";

const keys = {
  find: (name: string) => name === "ann" ? { name, scopes: ["train" as const] } : undefined,
};

Deno.test("a request has a line at its end; who writes or is refused has an audit line; neither has what was sent", () =>
  withApi(async ({ app, dataset, checkpoint }) => {
    const { log, error } = console, lines: string[] = [];
    console.log = console.error = (line: string) => lines.push(line);
    configureLog({ format: "json", level: "debug" });
    const as = (key: string, id: string) => ({ Authorization: `Bearer ${key}`, "X-Request-Id": id });
    try {
      await app.request("/healthz?q=hush", { headers: { "X-Request-Id": "r0" } });
      await app.request("/v1/jobs?key=hush", { headers: as("hush", "r1") });
      const body = JSON.stringify({ kind: "knn", dataset: dataset.id, config: { hush: 1 } });
      const json = { "Content-Type": "application/json" };
      await app.request("/v1/jobs", { method: "POST", body, headers: { ...as("ann", "r2"), ...json } });
      await app.request(`/v1/checkpoints/${checkpoint.id}`, { method: "DELETE", headers: as("ann", "r3") });
      const upload = { "Tus-Resumable": "1.0.0", "Upload-Length": "3" };
      await app.request("/v1/uploads", { method: "POST", headers: { ...as("ann", "r4"), ...upload } });
    } finally {
      Object.assign(console, { log, error });
      configureLog({ format: "text", level: "info" });
    }
    const parsed = lines.map((line) => JSON.parse(line)), audit = parsed.filter((line) => line.audit);
    const access = parsed.filter((line) => line.level === "debug");
    assertEquals(access.map((line) => [line.request_id, line.method, line.path, line.status, line.key]), [
      ["r0", "GET", "/healthz", 200, undefined],
      ["r1", "GET", "/v1/jobs", 401, undefined],
      ["r2", "POST", "/v1/jobs", 422, "ann"],
      ["r3", "DELETE", `/v1/checkpoints/${checkpoint.id}`, 403, "ann"],
      ["r4", "POST", "/v1/uploads", 201, "ann"],
    ]);
    assertEquals(access.filter(({ ms }) => !(ms >= 0)), []);
    assertEquals(audit.map((line) => [line.request_id, line.level, line.message]), [
      ["r1", "info", "anyone: GET /v1/jobs 401"],
      ["r2", "info", "ann: POST /v1/jobs 422"],
      ["r3", "info", `ann: DELETE /v1/checkpoints/${checkpoint.id} 403`],
      ["r4", "info", "ann: POST /v1/uploads 201"],
    ]);
    assertEquals(audit[2].checkpoint, checkpoint.id);
    assertMatch(audit[3].upload, /^up_/);
    assertEquals(lines.filter((line) => line.includes("hush")), []);
  }, { keys }));
