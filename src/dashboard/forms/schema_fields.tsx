import { useState } from "preact/hooks";
import { CheckBox } from "../parts/field.tsx";
import { Badge } from "../parts/status_pill.tsx";
import { useForm } from "./form_state.ts";
import type { FormField } from "./json_schema.ts";
import { Leaf } from "./leaf_field.tsx";
import { NamedField } from "./named_field.tsx";
import { at, errorsOf } from "./pointers.ts";
import { Prose } from "./prose.tsx";

/** The fields of a config, each with its own documentation; groups are folded unless something in them is given. */
export function SchemaFields({ fields }: { fields: readonly FormField[] }) {
  const isGroup = ({ shape }: FormField) => shape.type === "group";
  const leaves = fields.filter(({ shape }) => shape.type !== "group" && shape.type !== "named");
  return (
    <>
      <div class="form-grid">{leaves.map((field) => <Leaf key={field.pointer} field={field} />)}</div>
      {fields.map((field) =>
        field.shape.type === "named" && <NamedField key={field.pointer} field={field} shape={field.shape} />
      )}
      {fields.filter(isGroup).map((field) => <GroupField key={field.pointer} field={field} />)}
    </>
  );
}

/** An object's fields, folded until something of it is given. */
function GroupField({ field }: { field: FormField }) {
  const { config, set, errors, filled } = useForm(), { pointer, name, description, shape, nullable } = field;
  const value = at(config, pointer), [openAtFirst] = useState(value !== undefined);
  const given = value && typeof value === "object" ? Object.keys(value).length : 0;
  const wrong = errorsOf(errors, pointer, true).length, own = errorsOf(errors, pointer);
  if (shape.type !== "group") return null;
  const decided = at(filled, pointer);
  return (
    <details class={`form-group ${value === undefined ? "" : "form-given"}`} open={openAtFirst}>
      <summary>
        <span class="form-name">{name}</span>
        {given > 0 && <Badge tone="accent">{given} given</Badge>}
        {value === null && <Badge tone="accent">null</Badge>}
        {wrong > 0 && <Badge tone="bad">{wrong} wrong</Badge>}
        <span class="form-summary soft one-line">
          {decided ? summaryOf(decided) : description && <Prose text={description} />}
        </span>
      </summary>
      <div class="form-inside">
        {description && (
          <p class="field-about">
            <Prose text={description} />
          </p>
        )}
        {own.length > 0 && <p class="field-error" tabIndex={-1} data-wrong>{own.join("; ")}</p>}
        {nullable && (
          <CheckBox
            label={
              <>
                none: <code>null</code>
              </>
            }
            checked={value === null}
            onInput={(none) => set(pointer, none ? null : undefined)}
          />
        )}
        {value !== null && <SchemaFields fields={shape.fields} />}
      </div>
    </details>
  );
}

/** `name lars, base_lr 0.2`: what a folded group comes to. */
function summaryOf(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  return Object.entries(value).map(([name, each]) => `${name} ${Array.isArray(each) ? "[…]" : String(each)}`)
    .join(", ");
}
