import { Refused } from "../../client/client.ts";
import { type Query, useQuery } from "../live/query.ts";
import { authorization } from "../live/session.ts";
import type { OpenApi } from "./json_schema.ts";

/** The server's own document: what forms are made of. */
export function useOpenApi(): Query<OpenApi> {
  return useQuery("openapi", async (signal) => {
    const response = await fetch("/openapi.json", { headers: authorization(), signal });
    if (!response.ok) throw await Refused.of(response);
    return await response.json();
  });
}
