/** The task `doctor`: whether latentd can work on this machine and, if not, what to do. `--json` for programs. */
import { resolve } from "@std/path";
import { type Config, readConfig } from "../config.ts";
import { lookAtDatabase, lookAtDisk, lookAtPermissions } from "./data_dir.ts";
import { exitCode, type Finding } from "./finding.ts";
import { lookAtGpu, lookAtMixedPrecision } from "./gpu.ts";
import { lookForNvidia, lookForVulkan } from "./vulkan.ts";

const SIGNS = { good: "ok  ", warning: "warn", bad: "FAIL" };
const VERDICTS = [
  "latentd can be used here.",
  "latentd can be used here, with what is said above in mind.",
  "latentd cannot be used here yet: see FAIL above.",
];

async function examine(): Promise<Finding[]> {
  const env = (name: string) => Deno.env.get(name);
  let config: Config;
  try {
    config = readConfig(env);
  } catch (error) {
    return [{ what: "settings", state: "bad", found: (error as Error).message, advice: ["correct them"] }];
  }
  const dataDir = resolve(config.dataDir), nvidia = lookForNvidia(env);
  return [
    { what: "settings", state: "good", found: "they can be read" },
    await lookAtPermissions(dataDir),
    await lookAtDisk(dataDir),
    await lookAtDatabase(dataDir),
    lookForVulkan(env),
    ...(nvidia ? [nvidia] : []),
    ...await lookAtGpu({
      ...{ provider: config.gpuProvider === "auto" ? "deno" : config.gpuProvider },
      allowSoftware: config.allowSoftwareGpu,
    }),
    ...(config.gpuProvider === "auto" ? [await lookAtMixedPrecision()] : []),
  ];
}

const findings = await examine(), code = exitCode(findings);
if (Deno.args.includes("--json")) console.log(JSON.stringify({ code, verdict: VERDICTS[code], findings }));
else {
  for (const { what, state, found, advice } of findings) {
    console.log(`${SIGNS[state]}  ${what.padEnd(12)} ${found}`);
    for (const line of advice ?? []) console.log(`      ${"".padEnd(12)} → ${line}`);
  }
  console.log(VERDICTS[code]);
}
Deno.exit(code);
