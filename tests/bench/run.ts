/**
 * Speed, measured; nothing here is a test. `deno task bench [peers] [--rounds N]` compares with the other WebGPU trainers
 * and with PyTorch, on the adapter that Deno picks: a table for people, and the same as lines of JSON.
 */
import { parseArgs } from "@std/cli/parse-args";
import { ensureAdapter } from "../../src/setup/vulkan.ts";
import { comparePeers, type Comparison } from "./peers_bench.ts";

const { _: [what = "peers"], rounds } = parseArgs(Deno.args, {
  string: ["rounds"],
  default: { rounds: "5" },
});
console.log(`adapter  ${await ensureAdapter((line) => console.log(line))}`);
if (what !== "peers") {
  console.error(`Cannot measure ${what}: must be peers`);
  Deno.exit(2);
}

const all: Comparison[] = [];
await comparePeers(Number(rounds), (comparison) => {
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
Deno.exit(0);
