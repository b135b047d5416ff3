import { IconButton } from "../parts/button.tsx";
import { Field } from "../parts/field.tsx";
import { Entry } from "./entry.tsx";
import { takes, textOf } from "./field_text.ts";
import { UNDECIDED, useForm } from "./form_state.ts";
import type { FormField } from "./json_schema.ts";
import { at, errorsOf } from "./pointers.ts";
import { Prose } from "./prose.tsx";

/** What a field is if it is left out, in words; of a required one, nothing. */
export function leftOutOf({ required, fallback }: FormField, filled: unknown): string {
  const value = filled === undefined ? fallback : filled;
  if (value !== undefined) return textOf(value);
  return required ? "" : UNDECIDED;
}

/** One field of one value. */
export function Leaf({ field }: { field: FormField }) {
  const { config, set, filled, errors, special } = useForm(), { pointer, name } = field;
  const value = at(config, pointer), leftOut = leftOutOf(field, at(filled, pointer));
  const picker = special?.(field), onInput = (next: unknown) => set(pointer, next);
  return (
    <div class={`form-field ${value === undefined ? "" : "form-given"}`}>
      <Field
        label={name}
        note={takes(field)}
        description={field.description && <Prose text={field.description} />}
        error={errorsOf(errors, pointer, true).join("; ") || undefined}
      >
        {(attributes) => {
          const props = { attributes, value, onInput, leftOut, field };
          return picker ? picker(props) : <Entry {...props} />;
        }}
      </Field>
      {value !== undefined && !field.required && (
        <span class="form-reset">
          <IconButton
            icon="close"
            label={`Leave ${pointer.slice(1).replaceAll("/", " ")} out`}
            onClick={() => set(pointer, undefined)}
          />
        </span>
      )}
    </div>
  );
}
