import type { Job } from "./job_filter.ts";

/** The part of a job's config that it was sent with; all of it, where that is not known. */
export function sentConfig({ config, given }: Pick<Job, "config" | "given">): Record<string, unknown> {
  if (!given) return config;
  const sent: Record<string, unknown> = {};
  for (const pointer of given) {
    const path = pointer.split("/").slice(1).map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
    let from: unknown = config, to = sent;
    for (const [n, part] of path.entries()) {
      if (from === null || typeof from !== "object" || !Object.hasOwn(from, part)) break; // a resolved config may lack it
      from = (from as Record<string, unknown>)[part];
      if (n === path.length - 1) to[part] = from;
      else to = (to[part] ??= {}) as Record<string, unknown>;
    }
  }
  return sent;
}

/** A command of a shell that submits the same job. @param key Whether the server wants one; its place is marked then. */
export function curlOf(
  job: Pick<Job, "kind" | "dataset" | "metadata" | "config" | "given">,
  origin: string,
  key: boolean,
): string {
  const { kind, dataset, metadata } = job;
  const body = {
    kind,
    dataset,
    config: sentConfig(job),
    ...(Object.keys(metadata).length > 0 ? { metadata } : {}),
  };
  return [
    `curl ${quoted(`${origin}/v1/jobs`)}`,
    ...(key ? [`-H "Authorization: Bearer $LATENTD_KEY"`] : []),
    "-H 'Content-Type: application/json'",
    `-d ${quoted(JSON.stringify(body, null, 2))}`,
  ].join(" \\\n  ");
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** One line of a config: a value that is no object, where it stands, and whether it was sent; undefined: not known. */
export interface ConfigLine {
  pointer: string;
  name: string;
  value: string;
  given: boolean | undefined;
}

/** A config's values, one a line, those of objects within it by their paths. */
export function configLines(config: object, given: readonly string[] | null, prefix = ""): ConfigLine[] {
  return Object.entries(config).flatMap(([name, value]) => {
    const pointer = `${prefix}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    if (value !== null && typeof value === "object" && !Array.isArray(value)) {
      return configLines(value, given, pointer);
    }
    const sent = given?.some((each) => pointer === each || pointer.startsWith(`${each}/`));
    return [{
      pointer,
      name: pointer.slice(1).replaceAll("/", "."),
      value: JSON.stringify(value),
      given: sent,
    }];
  });
}
