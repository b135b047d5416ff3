/** A Python that has torch, numpy and Pillow, or the modules that are named; undefined where there is none. */
export async function pythonWithTorch(modules = "torch, numpy, PIL"): Promise<string | undefined> {
  for (const python of ["python3", "/usr/bin/python3"]) {
    try {
      const probe = new Deno.Command(python, { args: ["-c", `import ${modules}`], stderr: "null" });
      if ((await probe.output()).success) return python;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

/** What a script prints, as JSON. @throws {Error} With what it says, if it fails. */
export async function runPython(python: string, script: URL, args: string[]): Promise<unknown> {
  const command = new Deno.Command(python, { args: [script.pathname, ...args] });
  const { stdout, stderr, success } = await command.output();
  if (!success) throw new Error(`${script.pathname} has failed: ${new TextDecoder().decode(stderr)}`);
  return JSON.parse(new TextDecoder().decode(stdout));
}
