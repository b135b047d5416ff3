import { html, raw } from "hono/html";

/** Markup that needs no more escaping. */
export type Markup = ReturnType<typeof raw>;
/** The parts of JSON Schema that the document's schemas have. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  items?: Schema;
  prefixItems?: Schema[];
  oneOf?: Schema[];
  anyOf?: Schema[];
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  format?: string;
  [constraint: string]: unknown;
}

/** What bounds a value, by its keyword, as people write it. */
const BOUNDS: Record<string, string> = {
  ...{ minimum: "≥", exclusiveMinimum: ">", maximum: "≤", exclusiveMaximum: "<" },
  ...{
    minLength: "length ≥",
    maxLength: "length ≤",
    minItems: "items ≥",
    maxItems: "items ≤",
    pattern: "matches",
  },
};

export const joined = (parts: unknown[]): Markup => raw(parts.map(String).join(""));

/** Prose, with what stands between backticks as code. */
export const prose = (text = ""): Markup =>
  joined(text.split("`").map((part, i) => i % 2 ? html`<code>${part}</code>` : html`${part}`));

/** A schema's type in a line: names of other schemas are links to them. */
export function typeOf(schema: Schema): Markup {
  const { $ref, type, oneOf, anyOf, enum: values, items, prefixItems, additionalProperties } = schema;
  const either = (parts: unknown[]) => joined(parts.flatMap((part, i) => i ? [" | ", part] : [part]));
  if ($ref) {
    const name = $ref.split("/").at(-1)!;
    return joined([html`<a href="#schema-${name}">${name}</a>`]);
  }
  if (oneOf ?? anyOf) return either((oneOf ?? anyOf)!.map(typeOf));
  if (schema.const !== undefined) return joined([html`<code>${JSON.stringify(schema.const)}</code>`]);
  if (values) return either(values.map((value) => html`<code>${JSON.stringify(value)}</code>`));
  if (prefixItems) {
    return joined([
      "[",
      ...prefixItems.flatMap((one, i) => i ? [", ", typeOf(one)] : [typeOf(one)]),
      "]",
    ]);
  }
  if (items) return joined(["array of ", typeOf(items)]);
  if (schema.properties) {
    const fields = Object.entries(schema.properties).map(([name, field]) => html`${name}: ${typeOf(field)}`);
    return joined(["{ ", ...fields.flatMap((field, i) => i ? [", ", field] : [field]), " }"]);
  }
  const value = typeof additionalProperties === "object"
    ? joined([" of ", typeOf(additionalProperties)])
    : "";
  const name = schema.format ?? (Array.isArray(type) ? type.join(" | ") : type ?? "any");
  return joined([html`${name}`, value, html`${bounds(schema)}`]);
}

/** The bounds that are not those of what a double holds exactly. */
function bounds(schema: Schema): string {
  const told = Object.entries(BOUNDS).filter(([keyword]) =>
    schema[keyword] !== undefined && Math.abs(Number(schema[keyword])) !== Number.MAX_SAFE_INTEGER
  );
  return told.map(([keyword, sign]) => `, ${sign} ${schema[keyword]}`).join("");
}

/** A schema's fields, one a row; those of an object inside it stand below it, under its path. */
export function fieldsOf(schema: Schema): Markup {
  const rows = [...rowsOf(schema, "")];
  if (rows.length === 0) return joined([html`<p>${typeOf(schema)}</p>`]);
  return joined([html`
    <table>
      <thead>
        <tr>
          <th>field<th>type<th>default<th>meaning</thead><tbody>${joined(rows)}</tbody></table>
  `]);
}

function* rowsOf({ properties = {}, required = [] }: Schema, path: string): Generator<Markup> {
  for (const [name, field] of Object.entries(properties)) {
    const inner = [field, ...(field.anyOf ?? []), ...(field.items ? [field.items] : [])].find((one) =>
      one.properties
    );
    const type = inner
      ? joined([field.items ? "array of objects" : field.anyOf ? "object | null" : "object"])
      : typeOf(field);
    yield row(path + name, { type, required: required.includes(name), schema: field });
    if (inner) yield* rowsOf(inner, `${path}${name}${field.items ? "[]" : ""}.`);
  }
}

/** A row of a table of fields or parameters. */
export const row = (
  name: string,
  { type, required, schema, where = "" }: { type: Markup; required: boolean; schema: Schema; where?: string },
): Markup =>
  joined([html`
    <tr>
      <td><code>${name}</code>${where}${required ? raw(" <b title='required'>*</b>") : ""}</td>
      <td>${type}</td>
      <td>${schema.default === undefined ? "" : html`<code>${JSON.stringify(schema.default)}</code>`}</td>
      <td>${prose(schema.description)}</td>
    </tr>
  `]);
