import type { FormField } from "../../forms/json_schema.ts";
import { at, type FieldError, type Json } from "../../forms/pointers.ts";

const CONFIG = "#/config";

/**
 * What is wrong, as far as it is to be said now: of fields that are given as soon as it is known; of those that are
 * left out once the job has been tried.
 */
export function shownErrors(
  { refused, live, config, tried }: {
    refused: readonly FieldError[];
    live: readonly FieldError[];
    config: Json;
    tried: boolean;
  },
): FieldError[] {
  const given = ({ pointer = "" }: FieldError) =>
    pointer.startsWith(`${CONFIG}/`) && at(config, pointer.slice(CONFIG.length)) !== undefined;
  const all = [...refused, ...live.filter((error) => tried || given(error))];
  return all.filter(({ pointer, detail }, n) =>
    all.findIndex((other) => other.pointer === pointer && other.detail === detail) === n
  );
}

/** Those that no field of the form can show, such as of one that is not in the schema. */
export function homeless(errors: readonly FieldError[], fields: readonly FormField[]): FieldError[] {
  const known = new Set(pointersOf(fields).map((pointer) => `${CONFIG}${pointer}`));
  const isKnown = (pointer: string): boolean =>
    known.has(pointer) ||
    (pointer.includes("/", CONFIG.length + 1) && isKnown(pointer.replace(/\/[^/]*$/, "")));
  return errors.filter(({ pointer = "" }) => pointer !== "#/dataset" && !isKnown(pointer));
}

const pointersOf = (fields: readonly FormField[]): string[] =>
  fields.flatMap(({ pointer, shape }) => [
    pointer,
    ...shape.type === "group" || shape.type === "named" ? pointersOf(shape.fields) : [],
  ]);
