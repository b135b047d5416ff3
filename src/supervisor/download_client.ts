import { allowedUrl } from "../domain/allowed_url.ts";
import { DomainError, type Failure, fromFailure } from "../domain/errors.ts";
import type { Downloader } from "../domain/ports.ts";
import { passOn } from "../log/log.ts";

/** How a child that downloads is started. */
type CommandFor = (url: string) => { program: string; args: string[]; env?: Record<string, string> };

/** Downloads through children, one each: this process reaches no network. */
export class DownloadClient implements Downloader {
  /** @param allowed Hosts that may be fetched from. */
  constructor(readonly commandFor: CommandFor, readonly allowed: readonly string[]) {}

  download(url: string): ReadableStream<Uint8Array> {
    return ReadableStream.from(this.#body(allowedUrl(url, this.allowed, "#/source/url")));
  }

  async *#body(url: URL): AsyncGenerator<Uint8Array> {
    const { program, args, env } = this.commandFor(url.href);
    const child = new Deno.Command(program, { args, env, stdin: "null", stdout: "piped", stderr: "piped" })
      .spawn();
    const said = new Response(child.stderr).text();
    let ended = false;
    try {
      yield* child.stdout;
      const { success } = await child.status;
      ended = true;
      if (!success) throw failureOf(await said);
    } finally {
      if (!ended) {
        try {
          child.kill("SIGKILL"); // nobody wants the rest
        } catch { // it has ended by itself
        }
        await Promise.all([child.status, said]);
      }
    }
  }
}

function failureOf(said: string): Error {
  const line = said.trim().split("\n").at(-1) ?? "";
  try {
    return fromFailure(JSON.parse(line) as Failure);
  } catch {
    passOn("download", said.trim());
    return new DomainError("unavailable", "Cannot fetch the URL: what fetches it has ended; try again");
  }
}
