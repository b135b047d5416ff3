import { TextLineStream } from "@std/streams/text-line-stream";
import { fromFileUrl } from "@std/path";
import { CONV_CASES, convFlops, DIRECTIONS, STEP_CASE } from "./cases.ts";
import type { Question } from "./contender.ts";
import { median } from "./figures.ts";
import type { OptionValues } from "./options.ts";

export const PEERS_OPTIONS = {
  rounds: { about: "turns that each contender gets; medians are compared", default: 5 },
  cases: { about: "what is measured", default: "all", choices: ["all", "convolutions", "step"] },
  threads: { about: "PyTorch's threads; as many as there are cores", default: navigator.hardwareConcurrency },
} as const;

/** One comparison, as it is kept: `ratio` above 1 says that ours is faster. */
interface Comparison {
  case: string;
  ours: number;
  peer: number;
  peer_name: string;
  unit: "GFLOP/s" | "images/s";
  ratio: number;
}

/** A contender's process, asked one question at a time. */
class ContenderProcess {
  readonly #child: Deno.ChildProcess;
  readonly #answers: AsyncIterator<string>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;

  constructor(readonly name: string, file: string) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-q", "--no-prompt", "--allow-all", fromFileUrl(new URL(file, import.meta.url))],
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

/** Ours beside the peers: a table, means over the convolutions, and the same as lines of JSON. */
export async function peers(options: OptionValues<typeof PEERS_OPTIONS>): Promise<void> {
  const all: Comparison[] = [];
  await comparePeers(options, (comparison) => {
    all.push(comparison);
    const { case: name, ours, peer, peer_name, unit, ratio } = comparison;
    const figures = `${ours.toFixed(1).padStart(7)} ${peer.toFixed(1).padStart(7)} ${unit.padEnd(8)}`;
    console.log(`${name.padEnd(44)} ${figures} ${ratio.toFixed(2).padStart(6)} × ${peer_name}`);
  });
  for (const peer of new Set(all.map(({ peer_name }) => peer_name))) {
    const ratios = all.filter(({ peer_name, unit }) => peer_name === peer && unit === "GFLOP/s").map((
      { ratio },
    ) => ratio);
    if (ratios.length === 0) continue;
    const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
    console.log(
      `convolutions, geometric mean: ${mean.toFixed(2)} × ${peer}; least ${Math.min(...ratios).toFixed(2)} ×`,
    );
  }
  console.log("");
  for (const comparison of all) console.log(JSON.stringify(comparison));
}

/**
 * Measures ours and the peers on one adapter, going round them `rounds` times and taking each one's median.
 *
 * @param report Called with each comparison when it is known.
 */
async function comparePeers(
  { rounds, cases, threads }: OptionValues<typeof PEERS_OPTIONS>,
  report: (comparison: Comparison) => void,
): Promise<void> {
  const ours = new ContenderProcess("latentd", "./ours.ts");
  const tfjs = new ContenderProcess("tfjs-webgpu 4.22.0", "./tfjs.ts");
  const jaxJs = new ContenderProcess("jax-js 0.1.25", "./jax_js.ts");
  const measure = async (contenders: { name: string; ms: () => Promise<number> }[]): Promise<number[]> => {
    const ms: number[][] = contenders.map(() => []);
    for (let round = 0; round < rounds; round++) {
      for (const [i, contender] of contenders.entries()) ms[i].push(await contender.ms());
    }
    return ms.map(median);
  };
  const compare = (name: string, unit: Comparison["unit"], rates: number[], names: string[]) => {
    for (const [i, peer] of rates.entries()) {
      if (i > 0) {
        report({ case: name, ours: rates[0], peer, peer_name: names[i], unit, ratio: rates[0] / peer });
      }
    }
  };

  for (const [convolution, shape] of cases === "step" ? [] : CONV_CASES.entries()) {
    for (const direction of DIRECTIONS) {
      const contenders = [ours, jaxJs, tfjs].map((process) => ({
        name: process.name,
        ms: () => process.ask({ convolution, direction }),
      }));
      const rates = (await measure(contenders)).map((ms) => convFlops(shape) / ms / 1e6);
      compare(`${shape.name}, ${direction}`, "GFLOP/s", rates, contenders.map(({ name }) => name));
    }
  }

  if (cases !== "convolutions") {
    const torch = await findTorch(threads);
    const contenders = [ours, tfjs].map((process) => ({
      name: process.name,
      ms: () => process.ask({ step: true }),
    }));
    if (torch) contenders.push(torch);
    else console.log("PyTorch is left out: no python3 with torch, or no torch_byol.py, is here");
    const { arch, px, batch } = STEP_CASE;
    const rates = (await measure(contenders)).map((ms) => (1000 * batch) / ms);
    compare(
      `BYOL step, ${arch}, ${px} px, batch ${batch}`,
      "images/s",
      rates,
      contenders.map(({ name }) => name),
    );
  }
  for (const process of [ours, tfjs, jaxJs]) await process.end();
}

/**
 * PyTorch's whole step, by the script that the project's notes bring, where both are at hand.
 *
 * @param threads Told by OMP_NUM_THREADS: of itself, a PyTorch 1.13 without MKL, as Debian's is, takes half of the
 *   processors (`intraop_default_num_threads` halves `hardware_concurrency`), so one thread of two cores.
 */
async function findTorch(threads: number): Promise<{ name: string; ms: () => Promise<number> } | undefined> {
  const script = fromFileUrl(new URL("../../../shared/peers/torch_byol.py", import.meta.url));
  const { arch, px, batch, hidden, out } = STEP_CASE;
  const options = {
    arch,
    px,
    batch,
    projector: `${hidden},${out}`,
    device: "cpu",
    precision: "fp32",
    steps: 3,
  };
  const args = [script, ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])];
  for (const python of ["python3", "/usr/bin/python3"]) {
    const ask = async (): Promise<{ ms: number; peer: string; device: string } | undefined> => {
      try {
        const { success, stdout } = await new Deno.Command(python, {
          args,
          env: { OMP_NUM_THREADS: String(threads) },
          stderr: "null",
        }).output();
        return success ? JSON.parse(new TextDecoder().decode(stdout)) : undefined;
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return undefined;
        throw error;
      }
    };
    const first = await ask();
    if (first) {
      const on = first.device.replace(/^cpu x(\d+)$/, "cpu, threads: $1");
      return { name: `${first.peer} (${on})`, ms: async () => (await ask())!.ms };
    }
  }
}
