import { TextLineStream } from "@std/streams/text-line-stream";
import { fromFileUrl } from "@std/path";
import type { Question } from "./contender.ts";

/** A contender's process, asked one question at a time. */
export class ContenderProcess {
  readonly #child: Deno.ChildProcess;
  readonly #answers: AsyncIterator<string>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;

  constructor(readonly name: string, file: string) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-q", "--no-prompt", "--allow-read", "--allow-env", "--allow-ffi", "--allow-sys"],
        fromFileUrl(new URL(file, import.meta.url)),
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    const lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
    this.#answers = (lines as ReadableStream<string>)[Symbol.asyncIterator]();
  }

  /** @returns Milliseconds of one run; undefined where the library prints something else, or has died. */
  async ask(question: Question): Promise<number> {
    await this.#writer.write(new TextEncoder().encode(`${JSON.stringify(question)}\n`));
    for (;;) {
      const { value, done } = await this.#answers.next();
      if (done) {
        throw new Error(`Cannot measure ${this.name}: its process ended at ${JSON.stringify(question)}`);
      }
      if (value.startsWith('{"ms":')) return JSON.parse(value).ms;
    }
  }
  async end(): Promise<void> {
    await this.#writer.close();
    await this.#child.status;
  }
}
