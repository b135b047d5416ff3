import type { ComponentChildren } from "preact";
import { SchemaFields } from "../../forms/schema_fields.tsx";
import { Section } from "../../parts/section.tsx";
import { Badge } from "../../parts/status_pill.tsx";
import type { FormField } from "../../forms/json_schema.ts";
import { at, errorsOf, type FieldError, type Json } from "../../forms/pointers.ts";
import { useState } from "preact/hooks";

/** With so few fields nothing is folded away. */
const FEW = 9;
/** Asked for first, though the schema has a default for them. */
const FIRST = ["preset", "init", "precision"];
/** The server's own words, which nobody types. */
const HIDDEN = ["preset_reason"];

/**
 * A config's fields in two parts: what is required or what the server decides by the rest, and, folded, what has a plain
 * default.
 */
export function ConfigFields({ fields, config, errors, actions }: {
  fields: readonly FormField[];
  config: Json;
  errors: readonly FieldError[];
  actions?: ComponentChildren;
}) {
  const shown = fields.filter(({ name }) => !HIDDEN.includes(name));
  const isFirst = ({ name, required, fallback }: FormField) =>
    shown.length <= FEW || required || fallback === undefined || FIRST.includes(name);
  const main = shown.filter(isFirst).toSorted((a, b) => rank(a) - rank(b));
  const more = shown.filter((field) => !isFirst(field));
  const given = more.filter(({ pointer }) => at(config, pointer) !== undefined).length;
  const wrong = more.filter(({ pointer }) => errorsOf(errors, pointer, true).length > 0).length;
  const [openAtFirst] = useState(given > 0);
  return (
    <Section title="Settings" note="what is left out is filled in by the server" actions={actions}>
      <div class="stack newjob-settings">
        <SchemaFields fields={main} />
        {more.length > 0 && (
          <details class="form-group newjob-more" open={openAtFirst}>
            <summary>
              <b>More settings</b>
              {given > 0 && <Badge tone="accent">{given} given</Badge>}
              {wrong > 0 && <Badge tone="bad">{wrong} wrong</Badge>}
              <span class="form-summary soft one-line">{more.map(({ name }) => name).join(", ")}</span>
            </summary>
            <div class="stack newjob-settings newjob-inside">
              <SchemaFields fields={more} />
            </div>
          </details>
        )}
      </div>
    </Section>
  );
}

const rank = ({ name, required }: FormField): number => name === "preset" ? 0 : required ? 1 : 2;
