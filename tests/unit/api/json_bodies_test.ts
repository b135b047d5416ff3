import { assert, assertEquals } from "@std/assert";
import { isTooDeep, MAX_JSON_DEPTH } from "../../../src/api/json_depth.ts";
import { newId } from "../../../src/domain/ids.ts";
import { problemOf, type Scene, withApi } from "./api_scene.ts";

const JSON_TYPE = { "Content-Type": "application/json" };

/** Every operation of the document that takes JSON, with a path that it would serve. */
async function jsonOperations({ get }: Scene): Promise<{ method: string; path: string }[]> {
  const { paths } = await (await get("/openapi.json")).json();
  const found: { method: string; path: string }[] = [];
  for (const [path, operations] of Object.entries<Record<string, unknown>>(paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const { requestBody } = operation as { requestBody?: { content?: object } };
      if (!("application/json" in (requestBody?.content ?? {}))) continue;
      found.push({ method: method.toUpperCase(), path: path.replace("{id}", "best") });
    }
  }
  return found;
}

/** What each operation answers to a body. */
const answers = (scene: Scene, body: BodyInit | undefined, headers: Record<string, string> = JSON_TYPE) =>
  jsonOperations(scene).then((all) =>
    Promise.all(all.map(async ({ method, path }) => {
      const answer = await problemOf(await scene.app.request(path, { method, body, headers }));
      return { at: `${method} ${path}`, answer };
    }))
  );

Deno.test("every JSON route refuses a body that is empty, no JSON or no object with 400, and says where", () =>
  withApi(async (scene) => {
    assert((await jsonOperations(scene)).length >= 4, "is this test looking at the document?");
    const deep = "[".repeat(1500), closed = `${'{"a":'.repeat(65)}1${"}".repeat(65)}`;
    for (const body of [undefined, "", " ", "null", "[]", "[{}]", "1", '"a"', "{bad", "{}{}", deep, closed]) {
      for (const { at, answer } of await answers(scene, body)) {
        assertEquals(answer, [400, "malformed", "#"], `${at}: ${body?.slice(0, 20)}`);
      }
    }
    for (const { at, answer } of await answers(scene, Uint8Array.of(0x7b, 0xff, 0x7d))) {
      assertEquals(answer, [400, "malformed", "#"], `${at}: bytes that are not UTF-8`);
    }
  }));

Deno.test("every JSON route names what {} lacks and what it does not know", () =>
  withApi(async (scene) => {
    for (const body of ["{}", '{"__proto__": {"kind": 1}, "surprise": 1}']) {
      for (const { at, answer: [status, , ...pointers] } of await answers(scene, body)) {
        assert([400, 422].includes(status) && pointers.length > 0, `${at}: ${status} ${pointers}`);
      }
    }
  }));

Deno.test("every JSON route refuses 10 MB, however deep, and another Content-Type or none", () =>
  withApi(async (scene) => {
    for (const body of ["[".repeat(10e6), `${'{"a":'.repeat(2e6)}1${"}".repeat(2e6)}`]) {
      for (const { at, answer } of await answers(scene, body)) {
        assertEquals(answer, [413, "too_large"], at);
      }
    }
    const bytes = new TextEncoder().encode("{}"); // a string would bring a type of its own
    for (const type of [undefined, "text/plain", "application/jsonx", "application/problem+json", "json"]) {
      const headers: Record<string, string> = type === undefined ? {} : { "Content-Type": type };
      for (const { at, answer } of await answers(scene, bytes, headers)) {
        assertEquals(answer, [415, "unsupported_media_type"], `${at}: ${type}`);
      }
    }
    const known = { kind: "pretrain", dataset: newId("ds"), config: { arch: "cifar_resnet8", steps: 1 } };
    const type = { "Content-Type": "Application/JSON; charset=utf-8" };
    assertEquals((await problemOf(await scene.post("/v1/jobs", known, type)))[0], 404, "is JSON");
  }));

Deno.test("isTooDeep() counts what is open, not what strings hold, and takes any depth", () => {
  const is = (json: string, max?: number) => isTooDeep(new TextEncoder().encode(json), max);
  const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
  assertEquals([is(nested(MAX_JSON_DEPTH)), is(nested(MAX_JSON_DEPTH + 1))], [false, true]);
  assertEquals([is('{"a":[{"b":1}]}', 3), is('{"a":[{"b":1}]}', 2)], [false, true]);
  assertEquals(is("[[],[],[],[],{},{}]", 2), false);
  for (const text of ["[[[[", '\\"[[[[', "\\\\", '\\\\\\"{{{{', "ü[[[["]) {
    assertEquals(is(`["${text}"]`, 1), false, text);
    assertEquals(is(`["${text}",[]]`, 1), true, text);
  }
  assertEquals([is('"[[[[', 1), is("", 1), is("\\", 1)], [false, false, false]);
  const json = new TextEncoder().encode(nested(5e6));
  assertEquals([isTooDeep(json), isTooDeep(json, 5e6), isTooDeep(json, 5e6 - 1)], [true, false, true]);
});
