/**
 * A fixed set of clients in a process of its own: each sends one image after the other. Reads a line of JSON, the load, and
 * answers with a line, what came of it.
 */
export interface Load {
  url: string;
  model: string;
  /** Base64, in turn. */
  images: string[];
  clients: number;
  /** Before what is counted, so that batches have come to their size. */
  leadSeconds: number;
  seconds: number;
}
export interface Outcome {
  /** Milliseconds of each answer that was counted, and where the server says it was spent. */
  answers: { ms: number; decode: number; queue: number; load: number; gpu: number }[];
  /** Requests that were refused, or not answered, by what was said. */
  failed: Record<string, number>;
}

if (import.meta.main) {
  const [line] = new TextDecoder().decode(await new Response(Deno.stdin.readable).bytes()).split("\n");
  console.log(JSON.stringify(await run(JSON.parse(line))));
}

async function run({ url, model, images, clients, leadSeconds, seconds }: Load): Promise<Outcome> {
  const outcome: Outcome = { answers: [], failed: {} };
  const began = performance.now(), from = began + 1000 * leadSeconds, end = from + 1000 * seconds;
  const bodies = images.map((input) => JSON.stringify({ model, input, encoding_format: "base64" }));
  const client = async (n: number) => {
    for (; performance.now() < end; n += clients) {
      const start = performance.now();
      const said = await fetch(`${url}/v1/embeddings`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: bodies[n % bodies.length],
      }).then(async (response) => {
        await response.bytes();
        return response.ok ? response.headers.get("Server-Timing") ?? "" : String(response.status);
      }, (error) => (error as Error).message);
      const now = performance.now();
      if (said !== "" && !said.startsWith("decode;")) outcome.failed[said] = (outcome.failed[said] ?? 0) + 1;
      else if (now >= from && now <= end) {
        const dur = (stage: string) => Number(new RegExp(`\\b${stage};dur=([\\d.]+)`).exec(said)?.[1] ?? 0);
        outcome.answers.push({
          ...{
            ms: now - start,
            decode: dur("decode"),
            queue: dur("queue"),
            load: dur("load"),
            gpu: dur("gpu"),
          },
        });
      }
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, n) => client(n)));
  return outcome;
}
