import { useState } from "preact/hooks";
import { Select } from "../parts/field.tsx";
import { UNDECIDED, useForm } from "./form_state.ts";
import type { FormField, Shape } from "./json_schema.ts";
import { Leaf } from "./leaf_field.tsx";
import { at, errorsOf } from "./pointers.ts";
import { Prose } from "./prose.tsx";

const IN_FULL = "in full";

/** A name, or what it stands for, whose fields are shown then. */
export function NamedField({ field, shape }: { field: FormField; shape: Extract<Shape, { type: "named" }> }) {
  const { config, set, filled, errors } = useForm(), { pointer, name, description } = field;
  const value = at(config, pointer), decided = at(filled, pointer) ?? field.fallback;
  const [start] = useState(() => shape.start ?? Object.values(shape.starts)[0]);
  const inFull = typeof value === "object" && value !== null;
  const choose = (chosen: string) => {
    if (chosen !== IN_FULL) return set(pointer, chosen || undefined);
    const before = String(value ?? decided ?? "");
    set(pointer, shape.starts[before] ?? start ?? {});
  };
  return (
    <div class={`form-named ${value === undefined ? "" : "form-given"}`}>
      <div class="form-grid">
        <Select
          label={name}
          description={description && <Prose text={description} />}
          error={errorsOf(errors, pointer).join("; ") || undefined}
          value={inFull ? IN_FULL : typeof value === "string" ? value : ""}
          options={[
            { value: "", text: typeof decided === "string" ? `${decided} (left out)` : UNDECIDED },
            ...shape.options,
            { value: IN_FULL, text: "in full …" },
          ]}
          onInput={choose}
        />
      </div>
      {inFull && <FullFields fields={shape.fields} />}
    </div>
  );
}

/** Groups side by side, nothing folded: for what is compared, and tried by moving it. */
export function FullFields({ fields }: { fields: readonly FormField[] }) {
  const groups = fields.filter(({ shape }) => shape.type === "group");
  const leaves = fields.filter(({ shape }) => shape.type !== "group");
  return (
    <div class="form-full">
      {leaves.length > 0 && (
        <div class="form-tight">{leaves.map((field) => <Leaf key={field.pointer} field={field} />)}</div>
      )}
      {groups.map((field) => (
        <fieldset key={field.pointer} class="form-set">
          <legend>{field.name}</legend>
          {field.description && (
            <p class="field-about">
              <Prose text={field.description} />
            </p>
          )}
          {field.shape.type === "group" && <FullFields fields={field.shape.fields} />}
        </fieldset>
      ))}
    </div>
  );
}
