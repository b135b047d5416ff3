/** The task `demo`: a Vulkan adapter, photographs, a server; then the main job as any client would do it. */
import { fromFileUrl } from "@std/path";
import { ensureDashboard } from "../setup/build_dashboard.ts";
import { ensureAdapter } from "../setup/vulkan.ts";
import { getPhotographs, runDemo } from "./demo.ts";
import { formatSeconds } from "./progress_line.ts";
import { startServer } from "./server_process.ts";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));
const OUTPUT = "demo-output", CACHE = "data/demo-cache";

async function main(): Promise<void> {
  const start = performance.now();
  Deno.chdir(ROOT);
  const adapter = await ensureAdapter((line) => console.log(line));
  console.log(`adapter     ${adapter}`);
  await ensureDashboard().catch((error) => console.log(`dashboard   none: ${error.message}`)); // it goes without
  const photographs = await getPhotographs(CACHE);
  await Deno.mkdir(OUTPUT, { recursive: true });
  const dataDir = `data/demo-${new Date().toISOString().replaceAll(/[-:]|\..*/g, "")}`;
  const server = await startServer(ROOT, dataDir, `${OUTPUT}/server.log`);
  try {
    console.log(`server      ${server.url}`);
    const { before, after } = await runDemo(server.url, photographs, OUTPUT);
    const took = formatSeconds((performance.now() - start) / 1000);
    const points = (100 * (after - before)).toFixed(1);
    if (after <= before) throw new Error(`training did not raise k-NN accuracy: ${points} points in ${took}`);
    console.log(`done        k-NN accuracy rose by ${points} points, without a label; ${took} in all`);
  } finally {
    await server.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
}

try {
  await main();
  Deno.exit(0);
} catch (error) {
  console.error(`demo failed: ${(error as Error).message}`);
  Deno.exit(1);
}
