import type { Capabilities } from "./capabilities.ts";

/** What an `Elem` of a kernel is stored as. Sums stay f32 whatever it is. */
export type Elem = "f32" | "f16";

/** Text that several kernels share: a file of `kernels/lib`. */
export interface Fragment {
  /** The file's name without `.wgsl`: errors use it. */
  name: string;
  source: string;
}

/** A kernel's text and the constants it is compiled with. Two specs with equal content share one pipeline. */
export interface KernelSpec {
  /** The file's name without `.wgsl`: labels, errors and profiles use it. */
  name: string;
  source: string;
  /** Pipeline-overridable constants (`override NAME`). */
  overrides?: Record<string, number>;
  /** `const NAME: type = value;` rewritten in place, where WGSL forbids an override (array sizes in functions). */
  constants?: Record<string, number>;
  /** What the kernel's one `alias Elem = f32;` becomes. A device without `shader-f16` compiles no "f16". */
  elem?: Elem;
  /**
   * How many elements an `Elems` of the kernel holds, and a `Floats`, what is computed of it: 4 as the file has it, or 1,
   * where rows are not whole vectors of four. Its `alias Floats = vec4f;` and, where it has one, `alias Elems = vec4<Elem>;`
   * are rewritten.
   */
  vector?: 1 | 4;
  /**
   * Appended as they are (module scope has no order), so that line numbers stay the file's. They use the kernel's aliases and
   * bindings by name; what is rewritten or bound stands in the kernel itself.
   */
  lib?: readonly Fragment[];
}

/**
 * The WGSL that is compiled: constants, the element type and vectors rewritten, fragments appended, extensions enabled before
 * line 1 and on it, so that line numbers are those of the file.
 *
 * @param capabilities Whether this implementation wants `enable subgroups;` of a kernel that uses them, and whether one that
 * counts on subgroups of SUBGROUP_SIZE may ask for that size.
 * @throws {RangeError} If a constant's declaration, or an alias, does not occur exactly once.
 */
export function specialize(
  spec: KernelSpec,
  { enableSubgroups = false, subgroupSizeControl = false }: Capabilities = {},
): string {
  let text = spec.source;
  for (const [name, value] of Object.entries(spec.constants ?? {})) {
    const declaration = new RegExp(`^const ${name}: (u32|i32|f32) = [^;]*;`, "gm");
    expectOne(spec, `const ${name}`, text.match(declaration)?.length);
    text = text.replace(declaration, (_, type) => `const ${name}: ${type} = ${value};`);
  }
  const aliases: [name: string, type: string, other: string][] = [];
  if (spec.elem) aliases.push(["Elem", "f32", spec.elem]);
  if (spec.vector === 1) aliases.push(["Floats", "vec4f", "f32"]);
  if (spec.vector === 1 && /\bElems\b/.test(text)) aliases.push(["Elems", "vec4<Elem>", "Elem"]);
  for (const [name, type, other] of aliases) {
    const declaration = `alias ${name} = ${type};`, parts = text.split(declaration);
    expectOne(spec, declaration, parts.length - 1);
    text = parts.join(`alias ${name} = ${other};`);
  }
  text = [text, ...(spec.lib ?? []).map(({ source }) => source)].join("\n");
  if (enableSubgroups && /\bsubgroup[A-Z]|\bsubgroup_(size|invocation_id)\b/.test(text)) {
    text = `enable subgroups; ${text}`;
  }
  if (subgroupSizeControl && /^const SUBGROUP_SIZE\b/m.test(spec.source)) {
    const entry = "workgroup_size(INVOCATIONS)"; // an attribute of main
    expectOne(spec, entry, text.split(entry).length - 1);
    text = `enable subgroup_size_control; ${text.replace(entry, `${entry} @subgroup_size(SUBGROUP_SIZE)`)}`;
  }
  // Whether a subgroup is of one mind cannot be told from the text, where each takes its own part of a tile.
  if (/\bsubgroup_matrix_/.test(text)) {
    text =
      `diagnostic(off, chromium.subgroup_matrix_uniformity); enable chromium_experimental_subgroup_matrix; ${text}`;
  }
  return spec.elem === "f16" ? `enable f16; ${text}` : text;
}

/** The file that a line of the specialised text comes from, without `.wgsl`, and its line there; both count from 1. */
export function placeOf(
  { name, source, lib = [] }: KernelSpec,
  line: number,
): { file: string; line: number } {
  let place = { file: name, line }, before = source.split("\n").length;
  for (const fragment of lib) {
    if (line > before) place = { file: `lib/${fragment.name}`, line: line - before };
    before += fragment.source.split("\n").length;
  }
  return place;
}

function expectOne(spec: KernelSpec, declaration: string, found = 0): void {
  if (found === 1) return;
  throw new RangeError(`Cannot specialise ${spec.name}: ${declaration} must be declared once, got ${found}`);
}
