import { lookup, type LookupAddress } from "node:dns";
import type { IncomingMessage } from "node:http";
import https from "node:https";
import { DomainError } from "../domain/errors.ts";
import { isPublicAddress } from "./public_address.ts";

export interface DownloadLimits {
  bytes: number;
  /** Until the answer begins; between two pieces of it; in all. */
  connectMs: number;
  idleMs: number;
  wholeMs: number;
}
const LIMITS = { connectMs: 20_000, idleMs: 60_000, wholeMs: 4 * 3600_000 };

const failed = (why: string) =>
  new DomainError("invalid", `Cannot fetch the URL: ${why}`, { type: "url_failed" });

/**
 * Fetches a URL, piece by piece. Its host's name is looked up once, every address is checked, and the connection is made
 * to one that was: what the name points to a moment later does not matter. No redirect is followed.
 *
 * @param accepts What an address must be; by default of no private network.
 * @param request How it is asked for; by default with TLS, the certificate's name checked.
 * @throws {DomainError} `forbidden` for an address that is not accepted, before anything is sent; `too_large`; `invalid`
 *   for an answer that is none, breaks off, is too slow or points elsewhere.
 */
export async function* download(
  url: URL,
  limits: DownloadLimits,
  accepts: (address: string) => boolean = isPublicAddress,
  request: typeof https.request = https.request,
): AsyncGenerator<Uint8Array> {
  const whole = AbortSignal.timeout(limits.wholeMs), addresses = await resolve(url.hostname);
  const refused = addresses.find(({ address }) => !accepts(address));
  if (refused || addresses.length === 0) {
    const why = `${url.hostname} is ${refused?.address ?? "nowhere"}, which is not for everyone to reach`;
    throw new DomainError("forbidden", `Cannot fetch the URL: ${why}`, { type: "url_address" });
  }
  const response = await answerOf(url, addresses[0], limits, whole, request);
  const { statusCode = 0, headers } = response;
  try {
    if (statusCode >= 300 && statusCode < 400) {
      throw failed(`it answers ${statusCode}, and redirects are not followed`);
    }
    if (statusCode !== 200) throw failed(`it answers ${statusCode}`);
    let bytes = 0;
    const tooLarge = () =>
      new DomainError(
        "too_large",
        `Cannot fetch the URL: at most ${limits.bytes} bytes (MAX_UPLOAD_BYTES), got more`,
      );
    if (Number(headers["content-length"]) > limits.bytes) throw tooLarge();
    for await (const chunk of withinIdle(response, limits.idleMs, whole)) {
      bytes += chunk.length;
      if (bytes > limits.bytes) throw tooLarge();
      yield chunk;
    }
    const told = headers["content-length"];
    if (told !== undefined && Number(told) !== bytes) {
      throw failed(`it broke off after ${bytes} of ${told} bytes`);
    }
  } finally {
    response.destroy();
  }
}

function resolve(name: string): Promise<LookupAddress[]> {
  return new Promise((resolve, reject) =>
    lookup(
      name,
      { all: true },
      (error, found) => error ? reject(failed(`${name} is not known`)) : resolve(found),
    )
  );
}

function answerOf(
  url: URL,
  { address, family }: LookupAddress,
  { connectMs }: DownloadLimits,
  whole: AbortSignal,
  request: typeof https.request,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asked = request(url, {
      method: "GET",
      headers: { "User-Agent": "latentd", "Accept-Encoding": "identity" },
      // Called with `all`, as Deno's and Node's happy eyeballs do, it has to answer with a list.
      lookup: ((_name: string, options: { all?: boolean }, answer: (...values: unknown[]) => void) =>
        options.all ? answer(null, [{ address, family }]) : answer(null, address, family)) as never,
      signal: AbortSignal.any([whole, AbortSignal.timeout(connectMs)]),
    }, resolve);
    asked.on(
      "error",
      (error) => reject(failed(error.name === "AbortError" ? "it does not answer" : error.message)),
    );
    asked.end();
  });
}

/** The pieces of an answer, none of which may take too long. */
async function* withinIdle(
  response: IncomingMessage,
  idleMs: number,
  whole: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const pieces = response[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  for (;;) {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(failed(`nothing has come for ${idleMs / 1000} s`)), idleMs);
    const end = () => late.reject(failed("it takes too long"));
    whole.addEventListener("abort", end);
    try {
      const next = pieces.next().catch((error) => {
        throw failed(whole.aborted ? "it takes too long" : `it broke off (${error.message})`);
      });
      const { value, done } = await Promise.race([next, late.promise]);
      if (done) return;
      yield value;
    } finally {
      clearTimeout(timer);
      whole.removeEventListener("abort", end);
    }
  }
}

/**
 * A process for one download: the body goes to standard output, and where it fails, why to standard error as JSON. It may
 * reach the network and nothing else, which is why it is a process.
 */
export async function runDownload(
  url: string,
  bytes: number,
  fetchBody: (url: URL, limits: DownloadLimits) => AsyncIterable<Uint8Array> = download,
): Promise<never> {
  try {
    for await (const chunk of fetchBody(new URL(url), { bytes, ...LIMITS })) {
      for (let at = 0; at < chunk.length;) at += await Deno.stdout.write(chunk.subarray(at));
    }
    Deno.exit(0);
  } catch (error) {
    const { message, code, options } = error as DomainError;
    const told = JSON.stringify({ message, code, type: options?.type });
    Deno.stderr.writeSync(new TextEncoder().encode(`${told}\n`)); // for the one who has started it
    Deno.exit(1);
  }
}
