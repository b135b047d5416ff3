import { assert, assertEquals } from "@std/assert";

/** Of each key, a minute; a request with more bad images than that leaves nothing of it for a while. */
export const RATE = 600;
const TOO_MANY = 700, DIM = 64;
export const fround = (row: number[]) => row.map(Math.fround);

export interface ClientTask {
  version: string;
  baseURL: string;
  apiKey: string;
  /** Of 64 dimensions, and the only one that is listed. */
  model: string;
  image: string;
}

/** Has a stock client, of whatever version, do all that it is used for here, and asserts what comes of it. */
export async function checkClient(
  // deno-lint-ignore no-explicit-any -- four versions' types of one surface, which is what is tested
  OpenAI: any,
  { version, baseURL, apiKey, model, image }: ClientTask,
): Promise<void> {
  const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
  const { data: [one], usage, model: named } = await client.embeddings.create({
    ...{ model, input: image, encoding_format: "float" },
  });
  assertEquals([one.embedding.length, one.index, named], [DIM, 0, model], version);
  assertEquals([usage.prompt_tokens, usage.total_tokens], [0, 0], version);
  // By default it asks for base64, and decodes that.
  const two = await client.embeddings.create({ model, input: [image, image] });
  for (const { embedding } of two.data) {
    assertEquals(fround([...embedding]), fround(one.embedding), version);
  }
  assertEquals(
    (await Array.fromAsync<{ id: string }>(client.models.list())).map(({ id }) => id),
    [model],
    version,
  );
  assertEquals((await client.models.retrieve(model)).id, model, version);

  const errorOf = async (call: () => Promise<unknown>) => {
    try {
      await call();
    } catch (error) {
      // deno-lint-ignore no-explicit-any -- as above
      return error as any;
    }
    throw new Error(`version ${version} was not refused`);
  };
  const refused = async (Class: string, code: string, request: Record<string, unknown>) => {
    const error = await errorOf(() => client.embeddings.create({ model, input: image, ...request }));
    assert(error instanceof OpenAI[Class], `${version}: ${error} is no ${Class}`);
    assertEquals([error.code, typeof (error.requestID ?? error.request_id)], [code, "string"], version);
    return error;
  };
  await refused("NotFoundError", "model_not_found", { model: "nobody" });
  await refused("BadRequestError", "bad_image", { input: "a text" });
  await refused("BadRequestError", "malformed", { dimensions: 3 });
  await refused("UnprocessableEntityError", "url_not_allowed", { input: "https://example.org/1.png" });
  const stranger = new OpenAI({ baseURL, apiKey: "wrong", maxRetries: 0 });
  const unknown = await errorOf(() => stranger.models.list());
  assert(unknown instanceof OpenAI.AuthenticationError, `${version}: ${unknown}`);

  await refused("BadRequestError", "bad_image", { input: Array(TOO_MANY).fill("x") });
  const limited = await errorOf(() => client.models.list()), { headers } = limited;
  assert(limited instanceof OpenAI.RateLimitError, `${version}: ${limited}`);
  const after = Number(
    headers instanceof Headers ? headers.get("retry-after") : headers["retry-after"],
  );
  assert(after >= 1 && after <= 60, `${version}: Retry-After is ${after}`);
  const patient = new OpenAI({ baseURL, apiKey, maxRetries: 2 }); // it waits as long as it is told
  assertEquals((await patient.models.retrieve(model)).id, model, version);
}
