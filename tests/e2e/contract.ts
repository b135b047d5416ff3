import { assert, AssertionError } from "@std/assert";
import { Ajv2020 } from "ajv";

interface Media {
  schema: { format?: string; [keyword: string]: unknown };
}
interface Answer {
  $ref?: string;
  headers?: Record<string, { required?: boolean; schema: object }>;
  content?: Record<string, Media>;
}
interface Operation {
  operationId: string;
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, Answer>;
}
interface OpenApi {
  paths: Record<string, Record<string, Operation>>;
  components: { responses: Record<string, Answer> };
}
const escape = (key: string) => key.replaceAll("~", "~0").replaceAll("/", "~1");
const pointer = (...keys: string[]) => `api#/${keys.map(escape).map(encodeURIComponent).join("/")}`;

/** An OpenAPI 3.1 document that answers are held against: what it does not name, fails. */
export class Contract {
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
  readonly #document: OpenApi;
  /** Every operation, by its id: its method, its path, and the statuses that the document names. */
  readonly operations = new Map<string, { method: string; path: string; statuses: number[] }>();

  constructor(document: OpenApi) {
    this.#document = closed(document) as OpenApi;
    this.#ajv.addSchema({ $id: "api", ...this.#document });
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, { operationId, responses }] of Object.entries(methods)) {
        const statuses = Object.keys(responses).map(Number);
        this.operations.set(operationId, { method: method.toUpperCase(), path, statuses });
      }
    }
  }

  /** @throws {AssertionError} Unless the document's operation would take that JSON. */
  checkBody(operationId: string, body: unknown): void {
    const [path, method] = this.#find(operationId);
    const place = pointer("paths", path, method, "requestBody", "content", "application/json", "schema");
    this.#validate(place, body, `the body of ${operationId}`);
  }

  /**
   * Reads an answer whole and holds it against the document: status, headers, media type and body.
   *
   * @returns The body: parsed where it is JSON, text where it is that, bytes otherwise.
   * @throws {AssertionError} With what is not as the document says.
   */
  async check(operationId: string, response: Response): Promise<unknown> {
    const [path, method] = this.#find(operationId), status = String(response.status);
    const bytes = await response.bytes(), what = `${operationId}'s ${status}`;
    const text = () => new TextDecoder().decode(bytes);
    let answer = this.#document.paths[path][method].responses[status],
      at = ["paths", path, method, "responses", status];
    assert(answer, `${what} is not in the document: ${text().slice(0, 500)}`);
    if (answer.$ref) {
      at = answer.$ref.slice(2).split("/");
      answer = this.#document.components.responses[at.at(-1)!];
    }
    for (const [name, { required, schema }] of Object.entries(answer.headers ?? {})) {
      const value = response.headers.get(name);
      assert(value !== null || !required, `${what} lacks ${name}`);
      if (value !== null) assert(this.#ajv.validate(schema, value), `${name} of ${what}: ${value}`);
    }
    if (method === "head" || !answer.content) {
      assert(
        bytes.length === 0,
        `${what} has a body that the document does not tell of: ${text().slice(0, 500)}`,
      );
      return undefined;
    }
    const type = (response.headers.get("Content-Type") ?? "").split(";")[0];
    const named = Object.keys(answer.content).find((name) =>
      name === type || (name.endsWith("/*") && type.startsWith(name.slice(0, -1)))
    );
    if (!named) {
      throw new AssertionError(
        `${what} is ${JSON.stringify(type)}, and not ${Object.keys(answer.content).join(" or ")}`,
      );
    }
    const { schema } = answer.content[named];
    if (schema.format === "binary") return bytes;
    const body = /json$/.test(type) ? JSON.parse(text()) : text();
    this.#validate(pointer(...at, "content", named, "schema"), body, what);
    return body;
  }

  #find(operationId: string): [path: string, method: string] {
    const found = this.operations.get(operationId);
    if (!found) throw new AssertionError(`the document has no operation ${operationId}`);
    return [found.path, found.method.toLowerCase()];
  }
  #validate(place: string, value: unknown, what: string): void {
    const valid = this.#ajv.validate({ $ref: place }, value);
    const told = () => `${what}: ${this.#ajv.errorsText()} in ${JSON.stringify(value).slice(0, 1000)}`;
    assert(valid, valid ? "" : told());
  }
}

/** The same with every object of named properties closed: an answer's field that the document does not tell of fails. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== "object" || value === null) return value;
  const inner = Object.fromEntries(Object.entries(value).map(([key, one]) => [key, closed(one)]));
  const isSchema = inner.type === "object" && "properties" in inner && !("additionalProperties" in inner);
  return isSchema ? { ...inner, additionalProperties: false } : inner;
}
