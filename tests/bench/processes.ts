/** A file of /proc: by `cat`, for Deno lets nobody read there who may not do everything. */
function procFile(path: string): string {
  const { stdout } = new Deno.Command("cat", { args: [`/proc/${path}`], stderr: "null" }).outputSync();
  return new TextDecoder().decode(stdout);
}

/** A process and its children; only the children whose command line has `word`, if it is given. */
export function treeOf(pid: number, word?: string): number[] {
  const children = procFile(`${pid}/task/${pid}/children`).trim().split(" ").filter((id) => id !== "").map(
    Number,
  );
  if (word === undefined) return [pid, ...children];
  return children.filter((child) => procFile(`${child}/cmdline`).includes(word));
}

/** What a process holds in memory; 0 for one that has ended. */
export const residentBytes = (pid: number): number =>
  1024 * Number(/VmRSS:\s+(\d+)/.exec(procFile(`${pid}/status`))?.[1] ?? 0);
