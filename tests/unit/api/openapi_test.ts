import { assert, assertEquals } from "@std/assert";
import { createConfig, lintFromString } from "@redocly/openapi-core";
import { createApp } from "../../../src/api/app.ts";
import type { ApiDeps } from "../../../src/api/deps.ts";

interface Operation {
  tags: string[];
  responses: Record<string, unknown>;
}

/** The document as it is served; no route is called for it. */
async function servedDocument(): Promise<string> {
  const app = createApp({ limits: {} } as unknown as ApiDeps);
  return await (await app.request("/openapi.json")).text();
}

Deno.test("the document passes Redocly's rules", async () => {
  const config = await createConfig({
    extends: ["recommended"],
    rules: {
      "no-invalid-parameter-examples": "error",
      "no-invalid-schema-examples": "error",
      "operation-singular-tag": "error",
      "operation-tag-defined": "error",
      // The operator's operations take nothing from the caller that could be wrong; the next test asks it of all others.
      "operation-4xx-response": "off",
      // `/` does no more than lead to the page; the next test asks every operation what it does where all is well.
      "operation-2xx-response": "off",
    },
  } as never);
  const problems = await lintFromString({ source: await servedDocument(), config });
  const told = problems.map(({ ruleId, severity, message, location }) =>
    `${severity} ${ruleId}: ${message} at ${location.map(({ pointer }) => pointer).join()}`
  );
  assertEquals(told, []);
});

Deno.test("every operation tells of its success and a fault of the server, all but the operator's of the caller's mistakes", async () => {
  const { paths } = JSON.parse(await servedDocument()) as {
    paths: Record<string, Record<string, Operation>>;
  };
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, ...operation }))
  );
  assert(operations.length > 30, `only ${operations.length} operations: is this test looking at them?`);
  const tells = (responses: Operation["responses"], statuses: RegExp) =>
    Object.keys(responses).some((status) => statuses.test(status));
  const silent = operations.filter(({ tags, responses }) =>
    !tells(responses, /^[23]/) || !tells(responses, /^500$/) ||
    !(tags.includes("operations") || tells(responses, /^4/))
  );
  assertEquals(silent.map(({ name }) => name), []);
  assertEquals(operations.filter(({ responses }) => tells(responses, /default/)).map(({ name }) => name), []);
});
