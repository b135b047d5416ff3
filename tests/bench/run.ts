/**
 * Speed and memory, measured; nothing here is a test. `deno task bench --help` lists what can be measured, on the adapter
 * that Deno picks. Each prints a table for people, and the same as lines of JSON.
 */
import { ensureAdapter, runtimeDirectory } from "../../src/setup/vulkan.ts";
import { dashboard, DASHBOARD_OPTIONS } from "./dashboard_bench.ts";
import { data, DATA_OPTIONS } from "./data_bench.ts";
import { embed, EMBED_OPTIONS } from "./embed_bench.ts";
import { kills, KILLS_OPTIONS } from "./kills_bench.ts";
import { load, LOAD_OPTIONS } from "./load_bench.ts";
import { memory, MEMORY_OPTIONS } from "./memory_bench.ts";
import { describeOptions, type Option, readOptions, UsageError } from "./options.ts";
import { neighbors, NEIGHBORS_OPTIONS } from "./neighbors_bench.ts";
import { overhead, OVERHEAD_OPTIONS } from "./overhead_bench.ts";
import { peaks, PEAKS_OPTIONS } from "./peaks_bench.ts";
import { peers, PEERS_OPTIONS } from "./peers_bench.ts";
import { plan, PLAN_OPTIONS } from "./plan_bench.ts";
import { profile, PROFILE_OPTIONS } from "./profile_bench.ts";
import { parity, PARITY_OPTIONS } from "./parity_bench.ts";
import { quality, QUALITY_OPTIONS } from "./quality_bench.ts";
import { scaling, SCALING_OPTIONS } from "./scaling_bench.ts";
import { keepOutput } from "./results_file.ts";
import { serve, SERVE_OPTIONS } from "./serve_bench.ts";
import { soak, SOAK_OPTIONS } from "./soak_bench.ts";
import { torch, TORCH_OPTIONS } from "./torch_bench.ts";

interface Command {
  about: string;
  options: Record<string, Option>;
  /** Whether it needs no adapter. */
  withoutGpu?: true;
  // deno-lint-ignore no-explicit-any -- what readOptions makes of `options`
  run(values: any): Promise<void>;
}
const COMMANDS: Record<string, Command> = {
  peers: {
    about: "convolutions and a whole step beside jax-js, tfjs-webgpu and PyTorch",
    options: PEERS_OPTIONS,
    run: peers,
  },
  torch: {
    about: "a whole step of any encoder beside PyTorch's, on a GPU or a CPU",
    options: TORCH_OPTIONS,
    run: torch,
  },
  peaks: {
    about: "what the card does at most: large products in f32 and f16, and a copy",
    options: PEAKS_OPTIONS,
    run: peaks,
  },
  profile: {
    about: "where a step's time goes, kernel by kernel, by the GPU's own clock; and its memory",
    options: PROFILE_OPTIONS,
    run: profile,
  },
  overhead: {
    about: "what of a training step is not the GPU's work: at most 5 % should be",
    options: OVERHEAD_OPTIONS,
    run: overhead,
  },
  memory: {
    about: "resident memory over a long run: it should stay as it is",
    options: MEMORY_OPTIONS,
    run: memory,
  },
  plan: {
    about: "the largest batch within a GPU's memory and limits, and what its bytes are for; asks no GPU",
    options: PLAN_OPTIONS,
    withoutGpu: true,
    run: plan,
  },
  neighbors: {
    about: "an exact search of 100,000 embeddings: 30 ms a query, and 64 at once in ten times that, at most",
    options: NEIGHBORS_OPTIONS,
    run: neighbors,
  },
  data: {
    about: "taking data in beside Pillow, reading it beside training; memory, health and the index meanwhile",
    options: DATA_OPTIONS,
    withoutGpu: true,
    run: data,
  },
  dashboard: {
    about:
      "screens over 20,000 jobs, 100,000 rows and images: first paint in 1.5 s, no task over 200 ms while live",
    options: DASHBOARD_OPTIONS,
    run: dashboard,
  },
  embed: {
    about: "an embed job beside its parts, reading and the GPU: at most 1.15 × the slower of them",
    options: EMBED_OPTIONS,
    run: embed,
  },
  kills: {
    about: "fifty kills of a real server, or its worker, at random moments: nothing acknowledged is lost",
    options: KILLS_OPTIONS,
    run: kills,
  },
  load: {
    about: "how soon a real server says that it is well while it trains, ingests and embeds for 64 clients",
    options: LOAD_OPTIONS,
    run: load,
  },
  scaling: {
    about: "twice the batch, and twice the blocks, in at most 2.1 × the time",
    options: SCALING_OPTIONS,
    run: scaling,
  },
  serve: {
    about: "embeddings over HTTP: what one waits for, what many share, beside training, and onnxruntime-node",
    options: SERVE_OPTIONS,
    run: serve,
  },
  soak: {
    about: "ten minutes of uploads, jobs, embeddings and kills: nothing lost, memory flat, a clean log",
    options: SOAK_OPTIONS,
    run: soak,
  },
  parity: {
    about: "k-NN accuracy of whole runs, ours over HTTP beside PyTorch's of the same recipe: an hour",
    options: PARITY_OPTIONS,
    run: parity,
  },
  quality: {
    about:
      "what pretraining is worth: few labels, probes and k-NN beside scratch and random weights, transfer",
    options: QUALITY_OPTIONS,
    run: quality,
  },
};

const [first = "peers", ...rest] = Deno.args;
const name = first.startsWith("--") && first !== "--help" ? "peers" : first;
const given = name === first ? rest : Deno.args;
/** Any command's, so not among its own options. */
const WRITE = "--write", args = given.filter((argument) => argument !== WRITE);
try {
  if (["--help", "-h", "help"].includes(name)) help();
  else if (!Object.hasOwn(COMMANDS, name)) {
    throw new UsageError(
      `Cannot measure ${name}: must be one of ${Object.keys(COMMANDS).join(", ")}; --help says what they are`,
    );
  } else if (args.includes("--help") || args.includes("-h")) help(name);
  else {
    const { options, run, withoutGpu } = COMMANDS[name], values = readOptions(name, args, options);
    let adapter: string | undefined;
    if (!withoutGpu) {
      Deno.env.set("XDG_RUNTIME_DIR", runtimeDirectory());
      adapter = await ensureAdapter((line) => console.error(line));
      if (!("json" in values && values.json)) console.log(`adapter  ${adapter}`);
    }
    const write = given.includes(WRITE) ? await keepOutput(adapter ?? "no GPU", [name, ...args]) : undefined;
    try {
      await run(values);
    } finally {
      write?.();
    }
  }
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  Deno.exit(2);
}
Deno.exit(0);

function help(command?: string): void {
  if (command) {
    const { about, options } = COMMANDS[command];
    const kept = `  ${WRITE.padEnd(26)} adds what is printed to tests/bench/results/DATE-ADAPTER.md`;
    console.log([`deno task bench ${command}: ${about}`, "", ...describeOptions(options), kept].join("\n"));
    return;
  }
  console.log("deno task bench [COMMAND] [OPTIONS]; each command has a --help of its own\n");
  for (const [name, { about }] of Object.entries(COMMANDS)) console.log(`  ${name.padEnd(10)} ${about}`);
}
