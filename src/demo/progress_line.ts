const WIDTH = 24;

/** `1 m 05 s`, or `42 s`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} m ${String(whole % 60).padStart(2, "0")} s`;
}

/** `[██████░░░░]  60 %  text`. */
export function formatBar(share: number, text: string): string {
  const filled = Math.round(WIDTH * Math.min(1, Math.max(0, share)));
  const percent = String(Math.floor(100 * share)).padStart(3);
  return `[${"█".repeat(filled)}${"░".repeat(WIDTH - filled)}] ${percent} %  ${text}`;
}

/** One line that is drawn over and over on a terminal, and once every tenth of the way elsewhere. */
export class ProgressLine {
  #drawn = "";
  #tenth = -1;
  readonly #terminal = Deno.stdout.isTerminal();

  draw(share: number, text: string): void {
    const line = `  ${formatBar(share, text)}`, tenth = Math.floor(share * 10);
    if (this.#terminal) {
      this.#write(`\r${line.padEnd(this.#drawn.length)}`);
      this.#drawn = line;
    } else if (tenth > this.#tenth) {
      this.#tenth = tenth;
      console.log(line);
    }
  }
  /** Leaves the line as it stands; what follows goes below it. */
  end(): void {
    if (this.#terminal && this.#drawn) this.#write("\n");
    this.#drawn = "";
    this.#tenth = -1;
  }
  #write(text: string): void {
    Deno.stdout.writeSync(new TextEncoder().encode(text));
  }
}
