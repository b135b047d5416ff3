import { TextLineStream } from "@std/streams/text-line-stream";
import { fromFileUrl } from "@std/path";
import type { Question } from "./contender.ts";

/** A contender's process, asked one question at a time. */
export class ContenderProcess {
  readonly #child: Deno.ChildProcess;
  readonly #answers: AsyncIterator<string>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;

  readonly #errors: Promise<string>;

  /** @param args What the process is told when it starts. */
  constructor(readonly name: string, file: string, args: readonly string[] = []) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-q", "--no-prompt", "--allow-read", "--allow-env", "--allow-ffi", "--allow-sys"],
        ...["--allow-write", "--v8-flags=--expose-gc"],
        fromFileUrl(new URL(file, import.meta.url)),
        ...args,
      ],
      env: { NO_COLOR: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#errors = this.#child.stderr.text();
    this.#writer = this.#child.stdin.getWriter();
    const lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
    this.#answers = (lines as ReadableStream<string>)[Symbol.asyncIterator]();
  }

  /** @returns Milliseconds of one run. @throws {Error} If the process has died: with what it said. */
  async ask(question: Question): Promise<number> {
    await this.#writer.write(new TextEncoder().encode(`${JSON.stringify(question)}\n`));
    for (;;) {
      const { value, done } = await this.#answers.next();
      if (done) {
        const told = (await this.#errors).trim().split("\n").filter((line) => /error|cannot/i.test(line));
        const why = told[0]?.replace(/^error: (Uncaught )?(\(in promise\) )?/, "") ?? "without a word";
        throw new Error(`Cannot measure ${this.name}: its process ended: ${why}`);
      }
      if (value.startsWith('{"ms":')) return JSON.parse(value).ms;
    }
  }
  async end(): Promise<void> {
    await this.#writer.close().catch(() => {}); // it may have ended by itself
    await this.#child.status;
  }
}
