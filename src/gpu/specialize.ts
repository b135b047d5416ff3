/** What an `Elem` of a kernel is stored as. Sums stay f32 whatever it is. */
export type Elem = "f32" | "f16";

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
  /** Fragments of `kernels/lib`, appended (module scope has no order), so that line numbers stay the file's. */
  lib?: string[];
}

/**
 * The WGSL that is compiled: constants and the element type rewritten, fragments appended, extensions enabled before
 * line 1 and on it, so that line numbers are those of the file.
 *
 * @param enableSubgroups Whether this implementation wants `enable subgroups;` of a kernel that uses them.
 * @throws {RangeError} If a constant's declaration, or `alias Elem`, does not occur exactly once.
 */
export function specialize(spec: KernelSpec, { enableSubgroups = false } = {}): string {
  let text = spec.source;
  for (const [name, value] of Object.entries(spec.constants ?? {})) {
    const declaration = new RegExp(`^const ${name}: (u32|i32|f32) = [^;]*;`, "gm");
    expectOne(spec, `const ${name}`, text.match(declaration)?.length);
    text = text.replace(declaration, (_, type) => `const ${name}: ${type} = ${value};`);
  }
  if (spec.elem) {
    const alias = /^alias Elem = f32;/gm;
    expectOne(spec, "alias Elem = f32", text.match(alias)?.length);
    text = text.replace(alias, `alias Elem = ${spec.elem};`);
  }
  text = [text, ...(spec.lib ?? [])].join("\n");
  if (enableSubgroups && /\bsubgroup[A-Z]|\bsubgroup_(size|invocation_id)\b/.test(text)) {
    text = `enable subgroups; ${text}`;
  }
  return spec.elem === "f16" ? `enable f16; ${text}` : text;
}

function expectOne(spec: KernelSpec, declaration: string, found = 0): void {
  if (found === 1) return;
  throw new RangeError(`Cannot specialise ${spec.name}: ${declaration} must be declared once, got ${found}`);
}
