/** How a kernel uses a binding. */
export type BindingAccess = "read" | "write" | "uniform";

const DECLARATION =
  /@group\(0\)\s*@binding\((\d+)\)\s*var<\s*(uniform|storage)\s*(?:,\s*(read|read_write)\s*)?>/g;
const known = new Map<string, BindingAccess[]>();

/**
 * What a kernel's text declares of its bindings, in the order of their numbers. Memory is planned by it: a
 * `read_write` binding counts as written.
 */
export function kernelBindings(source: string): readonly BindingAccess[] {
  let access = known.get(source);
  if (!access) {
    access = [];
    for (const [, number, space, mode] of source.matchAll(DECLARATION)) {
      access[Number(number)] = space === "uniform" ? "uniform" : mode === "read_write" ? "write" : "read";
    }
    known.set(source, access);
  }
  return access;
}
