import createClient, { type Client as Calls } from "openapi-fetch";
import { followEvents } from "./event_stream.ts";
import type { components, paths } from "./openapi_types.ts";

/** The document's schemas, by name: `Schemas["Job"]`. */
export type Schemas = components["schemas"];
/** How a dataset is to be taken, as the document's query says. */
export type DatasetSettings = NonNullable<paths["/v1/datasets"]["post"]["parameters"]["query"]>;

/** An answer that is a refusal: `problem` is its problem details, where it has any. */
export class Refused extends Error {
  override name = "Refused";
  constructor(readonly response: Response, message: string, readonly problem?: Schemas["Problem"]) {
    super(message);
  }
  /** @returns The refusal that an answer is; reads it whole. */
  static async of(response: Response): Promise<Refused> {
    const problem = await response.json().catch(() => undefined);
    return new Refused(response, problem?.detail ?? `${response.url}: ${response.status}`, problem);
  }
}

/**
 * A client of latentd's HTTP API, typed by its document.
 *
 * `calls` has every operation, such as `calls.GET("/v1/jobs/{id}", { params: { path: { id } } })`, and throws `Refused` for
 * whatever is not 2xx; the methods are what takes more than one call, or bytes.
 */
export class Client {
  readonly calls: Calls<paths>;
  readonly #headers: Record<string, string>;

  /**
   * @param url Where the server is, such as `http://127.0.0.1:8000`.
   * @param options.key Sent as `Authorization: Bearer`.
   */
  constructor(readonly url: string, { key }: { key?: string } = {}) {
    this.#headers = key === undefined ? {} : { Authorization: `Bearer ${key}` };
    this.calls = createClient<paths>({ baseUrl: url, headers: this.#headers });
    this.calls.use({
      async onResponse({ response }) {
        if (response.status >= 400) throw await Refused.of(response);
      },
    });
  }

  /**
   * Uploads images and waits until they are a dataset.
   *
   * @param type The body's media type, such as `application/x-tar`.
   * @throws {Refused} If the upload is.
   * @throws {Error} If the dataset has failed, with the reason.
   */
  async upload(
    body: BodyInit,
    type: string,
    query: DatasetSettings,
    { pollMs = 200 } = {},
  ): Promise<Schemas["Dataset"]> {
    const { data: begun } = await this.calls.POST("/v1/datasets", {
      ...{ params: { query }, body: body as never, bodySerializer: (bytes: unknown) => bytes as BodyInit },
      headers: { "Content-Type": type },
    });
    const params = { path: { id: begun!.id } };
    // A tuple is an array to openapi-fetch.
    for (let dataset = begun as Schemas["Dataset"];;) {
      if (dataset.status === "ready") return dataset;
      if (dataset.status === "failed") throw new Error(`${dataset.id} failed: ${dataset.error?.message}`);
      await new Promise((resolve) => setTimeout(resolve, pollMs));
      dataset = (await this.calls.GET("/v1/datasets/{id}", { params })).data as Schemas["Dataset"];
    }
  }

  /** Queues a job. @throws {Refused} With every mistake in `problem.errors`. */
  async submit(body: Schemas["JobRequest"], idempotencyKey?: string): Promise<Schemas["Job"]> {
    const header = { "idempotency-key": idempotencyKey };
    return (await this.calls.POST("/v1/jobs", { body, params: { header } })).data!;
  }

  /**
   * A job's events from the first, or from after `after`, until it has ended; a connection that breaks off is made anew.
   *
   * @throws {Refused} If there is no such job.
   */
  async *events(
    job: string,
    { after, signal }: { after?: number; signal?: AbortSignal } = {},
  ): AsyncGenerator<Schemas["JobEvent"]> {
    const path = `${this.url}/v1/jobs/${encodeURIComponent(job)}/events`;
    const headers = new Headers({ ...this.#headers, Accept: "text/event-stream" });
    const open = (last = after?.toString()) => {
      if (last !== undefined) headers.set("Last-Event-ID", last);
      return fetch(path, { signal, headers });
    };
    for await (const { data } of followEvents(open, { refuse: Refused.of, signal })) yield JSON.parse(data);
  }

  /**
   * Waits for a job. @returns It, succeeded.
   *
   * @throws {Error} If it did not succeed, with the reason.
   */
  async finished(id: string): Promise<Schemas["Job"]> {
    for await (const _event of this.events(id));
    const job = (await this.calls.GET("/v1/jobs/{id}", { params: { path: { id } } })).data!;
    if (job.status === "succeeded") return job;
    throw new Error(`${id} ${job.status}: ${job.error?.message ?? "no reason given"}`);
  }

  /**
   * One of a checkpoint's files, whole.
   *
   * @throws {Error} If the bytes are not those that the checkpoint lists.
   */
  async file({ id, files }: Schemas["Checkpoint"], name: string): Promise<Uint8Array<ArrayBuffer>> {
    const { data } = await this.calls.GET("/v1/checkpoints/{id}/files/{name}", {
      ...{ params: { path: { id, name } }, parseAs: "arrayBuffer" },
    });
    const bytes = new Uint8Array(data as ArrayBuffer);
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    const hex = Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
    if (hex === files.find((file) => file.name === name)?.sha256) return bytes;
    throw new Error(`${name} of ${id} came damaged: its SHA-256 is ${hex}`);
  }
}
