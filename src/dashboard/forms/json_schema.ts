/** The server's document, as far as forms are made of it. */
export interface OpenApi {
  paths: Record<string, Record<string, { requestBody?: { content: Record<string, Content> } }>>;
  components: { schemas: Record<string, JsonSchema> };
}
interface Content {
  examples?: Record<string, { value: unknown }>;
}
/** What is read of JSON Schema (2020-12): what the document has of it. */
export interface JsonSchema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema | false;
  prefixItems?: JsonSchema[];
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  default?: unknown;
  description?: string;
  examples?: unknown[];
  "x-presets"?: Record<string, unknown>;
}

/** What a number may be; undefined: without end. */
export interface Range {
  least?: number;
  most?: number;
  aboveLeast?: boolean;
  belowMost?: boolean;
}
/** How a value is entered. */
export type Shape =
  | { type: "choice"; options: string[] }
  | { type: "flag" }
  | { type: "number"; integer: boolean; range: Range }
  /** One line that is read as the first of these that it can be; `list`: numbers between commas. */
  | { type: "line"; reads: ("number" | "list" | "text" | "json")[] }
  | { type: "pair"; range: Range }
  | { type: "group"; fields: FormField[] }
  /** A name, or whatever the name stands for in full. `starts`: what to begin with in full, by the name that was chosen. */
  | {
    type: "named";
    options: string[];
    fields: FormField[];
    starts: Record<string, unknown>;
    start: unknown;
  };

/** One field of a form. */
export interface FormField {
  name: string;
  /** Where it is in what is sent: `/optimizer/base_lr`. */
  pointer: string;
  description?: string;
  required: boolean;
  /** Whether null may be sent, which is something else than nothing. */
  nullable: boolean;
  /** What the schema says it is where it is left out; undefined: the server decides by the rest. */
  fallback?: unknown;
  shape: Shape;
}

/** The kinds of jobs that may be sent, with their configs' schemas. */
export function kindsOf(document: OpenApi): { kind: string; config: JsonSchema; example?: unknown }[] {
  const examples = document.paths["/v1/jobs"]?.post?.requestBody?.content["application/json"]?.examples ?? {};
  return (document.components.schemas.JobRequest.oneOf ?? []).map((each) => {
    const { properties = {} } = resolve(document, each), kind = String(properties.kind?.const);
    return {
      kind,
      config: properties.config,
      example: (examples[kind]?.value as { config?: unknown })?.config,
    };
  });
}

/** An object schema's fields, in its order. @param at The pointer of the object. */
export function fieldsOf(document: OpenApi, schema: JsonSchema, at = ""): FormField[] {
  const { properties = {}, required = [] } = resolve(document, schema);
  return Object.entries(properties).map(([name, property]) => {
    const whole = resolve(document, property), pointer = `${at}/${name}`;
    const variants = variantsOf(document, whole), things = variants.filter(({ type }) => type !== "null");
    return {
      name,
      pointer,
      description: whole.description,
      required: required.includes(name),
      nullable: things.length < variants.length,
      fallback: whole.default,
      shape: shapeOf(document, things, pointer),
    };
  });
}

/** A schema without its reference; what stands beside that wins. */
function resolve(document: OpenApi, schema: JsonSchema): JsonSchema {
  if (!schema.$ref) return schema;
  const { $ref, ...own } = schema, name = $ref.split("/").at(-1)!;
  return { ...resolve(document, document.components.schemas[name] ?? {}), ...own };
}

/** What a value may be, each of one type. */
function variantsOf(document: OpenApi, schema: JsonSchema): JsonSchema[] {
  const { anyOf, oneOf, ...rest } = resolve(document, schema);
  const among = anyOf ?? oneOf;
  if (among) return among.flatMap((each) => variantsOf(document, each));
  return Array.isArray(rest.type) ? rest.type.map((type) => ({ ...rest, type })) : [rest];
}

function shapeOf(document: OpenApi, variants: JsonSchema[], pointer: string): Shape {
  const group = variants.find(({ properties }) => properties), names = variants.find((each) => each.enum);
  if (group && names) {
    return {
      type: "named",
      options: names.enum!.map(String),
      fields: fieldsOf(document, group, pointer),
      starts: group["x-presets"] ?? {},
      start: group.examples?.[0],
    };
  }
  if (variants.length !== 1) {
    const reads = variants.map(({ type, enum: options }) =>
      type === "array" ? "list" : isNumber(type) ? "number" : options || type === "string" ? "text" : "json"
    );
    const order = ["number", "list", "text", "json"] as const;
    return { type: "line", reads: order.filter((each) => reads.includes(each)) };
  }
  const [one] = variants;
  if (one.enum) return { type: "choice", options: one.enum.map(String) };
  if (one.type === "boolean") return { type: "flag" };
  if (isNumber(one.type)) return { type: "number", integer: one.type === "integer", range: rangeOf(one) };
  if (one.type === "string") return { type: "line", reads: ["text"] };
  if (one.properties) return { type: "group", fields: fieldsOf(document, one, pointer) };
  if (one.prefixItems?.length === 2) return { type: "pair", range: rangeOf(one.prefixItems[0]) };
  if (one.type === "array" && one.items && isNumber(one.items.type)) return { type: "line", reads: ["list"] };
  return { type: "line", reads: ["json"] };
}

const isNumber = (type: JsonSchema["type"]): boolean => type === "number" || type === "integer";

function rangeOf({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema): Range {
  const most = exclusiveMaximum ?? maximum;
  return {
    least: exclusiveMinimum ?? minimum,
    most: most === Number.MAX_SAFE_INTEGER ? undefined : most,
    aboveLeast: exclusiveMinimum !== undefined,
    belowMost: exclusiveMaximum !== undefined,
  };
}
