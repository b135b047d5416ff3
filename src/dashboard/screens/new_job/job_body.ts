import type { Json } from "../../forms/pointers.ts";

/** What is sent to `POST /v1/jobs`. */
export interface JobBody {
  kind: string;
  dataset: string;
  config: Json;
  metadata?: Record<string, string>;
}

/** `team = search` a line, as a job's metadata. */
export function metadataOf(text: string): Record<string, string> {
  const lines = text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  return Object.fromEntries(lines.map((line) => {
    const [name, ...value] = line.split("=");
    return [name.trim(), value.join("=").trim()];
  }));
}

/** The other way round. */
export const metadataText = (metadata: Record<string, string>): string =>
  Object.entries(metadata).map(([name, value]) => `${name} = ${value}`).join("\n");

/** The request as a shell has it. @param keyed Whether the server wants a key: it is taken from the environment. */
export function curlOf(origin: string, body: unknown, keyed: boolean): string {
  const json = JSON.stringify(body, null, 2).replaceAll("'", `'\\''`);
  const lines = [
    `curl -X POST '${origin}/v1/jobs'`,
    "-H 'Content-Type: application/json'",
    ...keyed ? ['-H "Authorization: Bearer $LATENTD_KEY"'] : [],
    `-d '${json}'`,
  ];
  return lines.join(" \\\n  ");
}
