import { fromFileUrl, join } from "@std/path";

/**
 * Adds what a bench prints, line by line, to `results/DATE-ADAPTER.md`: one file for all that was run on an adapter in a day,
 * begun with adapter, driver, versions and date, and a section for each command. What was printed is kept though the bench
 * is killed.
 *
 * @returns What ends the section.
 */
export async function keepOutput(adapter: string, args: readonly string[]): Promise<() => void> {
  const date = new Date().toISOString().slice(0, 10);
  const slug = adapter.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-|-$/g, "");
  const path = join(fromFileUrl(new URL("./results", import.meta.url)), `${date}-${slug}.md`);
  const add = (text: string) => Deno.writeTextFileSync(path, `${text}\n`, { append: true });
  if (!await isThere(path)) add(await heading(adapter, date));
  add(`\n## deno task bench ${args.join(" ")}\n\n\`\`\``);
  const print = console.log;
  console.log = (...values: unknown[]) => {
    add(values.join(" "));
    print(...values);
  };
  return () => {
    console.log = print;
    add("```");
    print(`written  ${path}`);
  };
}

const isThere = (path: string): Promise<boolean> => Deno.stat(path).then(() => true, () => false);

async function heading(adapter: string, date: string): Promise<string> {
  const { deno } = Deno.version, driver = await driverVersion();
  const cores = `${navigator.hardwareConcurrency} CPU cores`;
  return `# ${adapter}, ${date}\n\n${driver}Deno ${deno}, Linux ${Deno.osRelease()}, ${cores}.`;
}

/** NVIDIA's driver tells its version by itself; elsewhere the adapter's name has it. */
async function driverVersion(): Promise<string> {
  const args = ["--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"];
  try {
    const { success, stdout } = await new Deno.Command("nvidia-smi", { args, stderr: "null" }).output();
    return success ? `${new TextDecoder().decode(stdout).trim()}; ` : "";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}
