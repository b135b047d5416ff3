import { html } from "hono/html";
import { fieldsOf, joined, type Markup, prose, row, type Schema, typeOf } from "./docs_schema.ts";

/** The parts of an OpenAPI 3.1 document that the page shows. */
export interface Described {
  info: { title: string; version: string; description: string };
  tags: { name: string; description: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema>; responses: Record<string, Response> };
}
interface Operation {
  operationId: string;
  tags: string[];
  summary: string;
  description?: string;
  parameters?: { name: string; in: string; required?: boolean; description?: string; schema: Schema }[];
  requestBody?: { content: Content };
  responses: Record<string, Response>;
}
interface Response {
  $ref?: string;
  description: string;
  headers?: Record<string, { description?: string }>;
  content?: Content;
}
type Content = Record<
  string,
  { schema: Schema; example?: unknown; examples?: Record<string, { value: unknown }> }
>;
type Named = Operation & { method: string; path: string };

/**
 * The document as a page for people: no script, and nothing that is fetched from elsewhere.
 *
 * @param style CSS, which stands in the page.
 */
export function docsPage({ info, tags, paths, components }: Described, style: string): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Named => ({ ...operation, method, path }))
  );
  const of = (tag: string) => operations.filter((operation) => operation.tags.includes(tag));
  return String(html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width">
        <title>${info.title} ${info.version}</title>
        <style>${joined([style])}</style>
      </head>
      <body>
        <nav><h1>${info.title} <small>${info.version}</small></h1>
    ${joined(tags.map(({ name }) =>
      html`
        <h2>${name}</h2>
        <ul>${joined(of(name).map(link))}</ul>
      `
    ))}
    <h2>schemas</h2><ul>${joined(
      Object.keys(components.schemas).map((name) => html`<li><a href="#schema-${name}">${name}</a>`),
    )}</ul></nav>
        <main><p>${prose(
          info.description,
        )}</p><p>The same for programs: <a href="/openapi.json">/openapi.json</a>, OpenAPI 3.1.</p>
    ${joined(
      tags.map(({ name, description }) =>
        html`<h2>${name}</h2><p>${prose(description)}</p>${
          joined(of(name).map((operation) => section(operation, components.responses)))
        }`
      ),
    )}
    <h2>schemas</h2>
    ${joined(
      Object.entries(components.schemas).map(([name, schema]) =>
        html`<section id="schema-${name}"><h3>${name}</h3><p>${prose(schema.description)}</p>${
          fieldsOf(schema)
        }</section>`
      ),
    )}
        </main>
      </body>
    </html>
  `);
}

const label = ({ method, path }: Named) =>
  html`<b class="${method}">${method.toUpperCase()}</b> <code>${path}</code>`;
const link = (operation: Named) => html`<li><a href="#${operation.operationId}">${label(operation)}</a>`;

function section(operation: Named, shared: Record<string, Response>) {
  const { operationId, summary, description, parameters = [], requestBody, responses } = operation;
  const rows = parameters.map(({ name, in: where, required = false, description, schema }) =>
    row(name, { required, where: ` ${where}`, type: typeOf(schema), schema: { ...schema, description } })
  );
  const table = html`
    <table>
      <thead>
        <tr>
          <th>parameter<th>type<th>default<th>meaning</thead><tbody>${joined(rows)}</tbody></table>
  `;
  return html`<section id="${operationId}"><h3>${label(operation)}</h3><p>${prose(summary)}.</p><p>${
    prose(description)
  }</p>
${rows.length > 0 ? table : ""}${requestBody ? html`<h4>body</h4>${contentOf(requestBody.content)}` : ""}
<h4>answers</h4><dl>${
    joined(Object.entries(responses).map(([status, response]) => answer(status, response, shared)))
  }</dl></section>`;
}

function answer(status: string, response: Response, shared: Record<string, Response>): Markup {
  const { description, headers = {}, content } = response.$ref
    ? shared[response.$ref.split("/").at(-1)!]
    : response;
  const own = Object.keys(headers).filter((name) => name !== "X-Request-Id");
  const names = own.length === 0 ? "" : html`
    with ${joined(own.map((name, i) => html`${i ? ", " : ""}<code>${name}</code>`))}
  `;
  // What a refusal's body is, is the same for all, and said above them.
  const body = content && !response.$ref ? contentOf(content) : "";
  return joined([html`
    <dt class="${status[0] === "2" ? "good" : "bad"}">${status}</dt>
    <dd>${prose(description)}${names}${body}</dd>
  `]);
}

function contentOf(content: Content): Markup {
  return joined(
    Object.entries(content).map(([mediaType, { schema, example, examples = {} }]) => {
      const shown = example === undefined
        ? Object.entries(examples)
        : [["example", { value: example }] as const];
      const text = (value: unknown) => typeof value === "string" ? value : JSON.stringify(value, null, 2);
      return html`<p><code>${mediaType}</code>: ${typeOf(schema)}</p>${
        joined(shown.map(([title, { value }]) =>
          html`
            <details>
              <summary>${title}</summary>
              <pre>${text(value)}</pre>
            </details>
          `
        ))
      }`;
    }),
  );
}
