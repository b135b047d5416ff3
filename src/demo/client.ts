/** The few calls of the HTTP API that the demo makes. */
export class Client {
  constructor(readonly url: string) {}

  /** @throws {Error} With the problem's own words where the answer is one. */
  async call<T>(path: string, init?: RequestInit): Promise<T> {
    const response = await fetch(this.url + path, init), body = await response.json();
    if (!response.ok) throw new Error(`${init?.method ?? "GET"} ${path}: ${body.detail ?? response.status}`);
    return body;
  }
  post<T>(path: string, body: unknown): Promise<T> {
    const headers = { "Content-Type": "application/json" };
    return this.call(path, { method: "POST", headers, body: JSON.stringify(body) });
  }

  /** A job's events as they happen, until it has ended. */
  async *events(job: string): AsyncGenerator<{ type: string; data: Record<string, unknown> }> {
    const response = await fetch(`${this.url}/v1/jobs/${job}/events`);
    if (!response.ok || !response.body) throw new Error(`GET events of ${job}: ${response.status}`);
    for await (const data of readEventStream(response.body)) yield JSON.parse(data);
  }

  /** Waits for a job. @returns Its result. @throws {Error} If it did not succeed. */
  async finished(job: string): Promise<Record<string, unknown>> {
    for await (const _event of this.events(job));
    const { status, result, error } = await this.call<{
      status: string;
      result: Record<string, unknown>;
      error?: { message: string };
    }>(`/v1/jobs/${job}`);
    if (status !== "succeeded") throw new Error(`${job} ${status}: ${error?.message ?? "no reason given"}`);
    return result;
  }
}

/** The `data` of each event of a `text/event-stream`; comments and other fields are passed over. */
export async function* readEventStream(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<string> {
  let text = "";
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    const events = (text + chunk).split("\n\n");
    text = events.pop()!;
    for (const event of events) {
      const data = event.split("\n").filter((line) => line.startsWith("data:")).map((line) =>
        line.slice(5).trimStart()
      );
      if (data.length > 0) yield data.join("\n");
    }
  }
}
