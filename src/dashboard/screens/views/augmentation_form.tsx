import { useMemo } from "preact/hooks";
import { FormProvider } from "../../forms/form_state.ts";
import { fieldsOf, type OpenApi } from "../../forms/json_schema.ts";
import { type FieldError, type Json, withAt } from "../../forms/pointers.ts";
import { SchemaFields } from "../../forms/schema_fields.tsx";

/** The augmentation by its schema: a name, or both views' numbers. @param errors Of the views' query. */
export function AugmentationForm({ document, value, decided, errors, onInput }: {
  document: OpenApi;
  value: unknown;
  /** What the server takes where nothing is chosen, if that is known. */
  decided?: string;
  errors: readonly FieldError[];
  onInput: (value: unknown) => void;
}) {
  const fields = useMemo(
    () => fieldsOf(document, { properties: { augmentation: document.components.schemas.Augmentation } }),
    [document],
  );
  const config: Json = value === undefined ? {} : { augmentation: value };
  return (
    <FormProvider
      value={{
        config,
        set: (pointer, next) => onInput(withAt(config, pointer, next).augmentation),
        filled: decided ? { augmentation: decided } : undefined,
        errors: errors.map(({ pointer, detail }) => ({
          detail,
          pointer: pointer?.replace("#/query/", "#/config/").replace("/preset", "/augmentation"),
        })),
      }}
    >
      <SchemaFields fields={fields} />
    </FormProvider>
  );
}
