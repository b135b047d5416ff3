// Makes the client's types of the document that the server serves: `deno task client`.
import openapiTS, { astToString } from "openapi-typescript";
import ts from "typescript";
import { createApp } from "../../../src/api/app.ts";
import type { ApiDeps } from "../../../src/api/deps.ts";

export const CLIENT_TYPES = new URL("../../../src/client/openapi_types.ts", import.meta.url);
const HEAD = `// Made of the server's OpenAPI document by \`deno task client\`: not to be edited.
// deno-lint-ignore-file
`;

/** What the client's types are, for the document as it is. */
export async function clientTypes(): Promise<string> {
  const app = createApp({ limits: {} } as unknown as ApiDeps);
  const nodes = await openapiTS(await (await app.request("/openapi.json")).json(), {
    // What has a default may be left out.
    defaultNonNullable: false,
    transform: ({ format }) =>
      format === "binary" ? ts.factory.createTypeReferenceNode("BodyInit") : undefined,
  });
  return HEAD + astToString(nodes);
}

if (import.meta.main) await Deno.writeTextFile(CLIENT_TYPES, await clientTypes());
