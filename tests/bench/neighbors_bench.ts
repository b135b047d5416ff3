import process from "node:process";
import { RandomStream } from "../../src/domain/philox.ts";
import { NeighborBank } from "../../src/evaluation/neighbor_bank.ts";
import { searchNeighbors } from "../../src/evaluation/neighbor_search.ts";
import { digits, mebibytes, median, printTable } from "./figures.ts";
import type { OptionValues } from "./options.ts";
import { openBench } from "./training.ts";

export const NEIGHBORS_OPTIONS = {
  rows: { about: "embeddings that are searched", default: 100_000 },
  dim: { about: "their length", default: 512 },
  k: { about: "neighbours of each query", default: 10 },
  runs: { about: "searches that are measured", default: 15 },
} as const;
/** Of one query, and what 64 may take of that. */
const TARGET_MS = 30, TARGET_RATIO = 10, MANY = 64;

/** How long an exact search of an index takes, by the embedding worker's own code: its wait for the GPU included. */
export async function neighbors(
  { rows, dim, k, runs }: OptionValues<typeof NEIGHBORS_OPTIONS>,
): Promise<void> {
  const { adapter, pipelines } = await openBench(), random = new RandomStream(0, 92);
  const values = Float32Array.from({ length: rows * dim }, () => random.normal());
  const row = (n: number) => values.subarray(n * dim, (n + 1) * dim);
  async function* stretches() {
    yield await Promise.resolve({ first: 0, values });
  }
  const bank = await NeighborBank.create(pipelines, rows, dim), began = performance.now();
  bank.write(0, values);
  const written = performance.now() - began;
  const bytes = NeighborBank.bytesFor(pipelines, rows, dim);
  console.log(`case     ${rows} x ${dim}, k ${k}, ${runs} runs; ${mebibytes(bytes)} of the GPU\n`);
  const results = [];
  for (const queries of [1, 4, 16, MANY]) {
    const asked = Array.from({ length: queries }, (_, q) => row((q * 7919) % rows));
    const wall: number[] = [], cpu: number[] = [];
    for (let run = -1; run < runs; run++) { // the first makes the plans
      const start = performance.now(), before = process.cpuUsage();
      await searchNeighbors(bank, { row, stretches }, asked, { k });
      if (run < 0) continue;
      const { user, system } = process.cpuUsage(before);
      wall.push(performance.now() - start);
      cpu.push((user + system) / 1000);
    }
    results.push({ queries, wall_ms: median(wall), fastest_ms: Math.min(...wall), cpu_ms: median(cpu) });
  }
  const one = results[0].wall_ms;
  printTable(
    ["queries>", "wall, ms>", "fastest>", "CPU, ms>", "of one query>"],
    results.map((result) => [
      ...[`${result.queries}`, digits(result.wall_ms), digits(result.fastest_ms), digits(result.cpu_ms)],
      `${digits(result.wall_ms / one)} x`,
    ]),
  );
  console.log(`\nthe targets are ${TARGET_MS} ms, and ${TARGET_RATIO} times that for ${MANY}`);
  if (adapter.software) {
    console.log(`${adapter.description} is this machine's own cores: whatever else runs on them is in it`);
  }
  console.log("");
  for (const result of results) {
    console.log(JSON.stringify({
      ...{ case: `neighbors, ${rows} x ${dim}, k ${k}`, adapter: adapter.description, ...result },
      ...{ target_ms: result.queries === 1 ? TARGET_MS : TARGET_RATIO * TARGET_MS, write_ms: written, bytes },
    }));
  }
  bank.destroy();
}
