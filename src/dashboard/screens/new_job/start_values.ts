import { at, type Json, onlyAt, withAt } from "../../forms/pointers.ts";
import type { FormField } from "../../forms/json_schema.ts";
import { valueOf } from "../../forms/field_text.ts";
import type { Schemas } from "../../../client/client.ts";

/** What a form begins with. */
export interface Start {
  kind: string;
  dataset?: string;
  config: Json;
  metadata: Record<string, string>;
}

/** The words of an address that are not a config's fields. */
const OWN = new Set(["kind", "dataset", "like"]);

/** What an address asks for: `kind`, `dataset`, and any field of the config by its name; `checkpoint` is `init` where there is none. */
export function startOf(query: URLSearchParams, kind: string, fields: readonly FormField[]): Start {
  const find = (name: string) => fields.find((field) => field.name === name);
  let config: Json = {};
  for (const [name, text] of query) {
    const asks = name === "checkpoint" && find(name)?.shape.type !== "line" ? "init" : name;
    const field = OWN.has(name) ? undefined : find(asks);
    if (field && text !== "") config = withAt(config, field.pointer, read(text, field));
  }
  return { kind, dataset: query.get("dataset") ?? undefined, config, metadata: {} };
}

function read(text: string, field: FormField): unknown {
  if (!/^[[{]/.test(text)) return valueOf(text, field);
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** What a job was given, to make it again; all of its config, where it is not known what of it was given. */
export function startLike(
  { kind, dataset, config, given, metadata }: Pick<
    Schemas["Job"],
    "kind" | "dataset" | "config" | "given" | "metadata"
  >,
): Start {
  const whole = config as Json;
  const kept = given ? onlyAt(whole, given) : whole;
  return { kind, dataset, config: withAt(kept, "/preset_reason", undefined), metadata: metadata ?? {} };
}

/** Required fields that are not given, by their names. */
export function missingOf(fields: readonly FormField[], config: Json): string[] {
  return fields.filter(({ required, pointer }) => required && at(config, pointer) === undefined)
    .map(({ name }) => name);
}
