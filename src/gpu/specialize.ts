/** A kernel's text and the constants it is compiled with. Two specs with equal content share one pipeline. */
export interface KernelSpec {
  /** The file's name without `.wgsl`: labels, errors and profiles use it. */
  name: string;
  source: string;
  /** Pipeline-overridable constants (`override NAME`). */
  overrides?: Record<string, number>;
  /** `const NAME: type = value;` rewritten in place, where WGSL forbids an override (array sizes in functions). */
  constants?: Record<string, number>;
  /** Fragments of `kernels/lib`, appended (module scope has no order), so that line numbers stay the file's. */
  lib?: string[];
}

/**
 * The WGSL that is compiled: constants rewritten, fragments appended, line numbers those of the file.
 *
 * @throws {RangeError} If a constant's declaration does not occur exactly once.
 */
export function specialize(spec: KernelSpec): string {
  let text = spec.source;
  for (const [name, value] of Object.entries(spec.constants ?? {})) {
    const declaration = new RegExp(`^const ${name}: (u32|i32|f32) = [^;]*;`, "gm");
    const found = text.match(declaration)?.length ?? 0;
    if (found !== 1) {
      throw new RangeError(
        `Cannot specialise ${spec.name}: const ${name} must be declared once, got ${found}`,
      );
    }
    text = text.replace(declaration, (_, type) => `const ${name}: ${type} = ${value};`);
  }
  return [text, ...(spec.lib ?? [])].join("\n");
}
